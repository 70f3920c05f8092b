#include "support/rows.h"

#include "base/buf.h"
#include "domain/document.h"
#include "domain/reference.h"
#include "json/json.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

static const char DEFAULT_TENANT[] =
    "{'languages':['it','en','de','fr'],'default_language':'it','search_languages':['it'],"
    "'default_channel':'vinc-b2b'}";

/* The text needs room behind it that the reader may look at. */
enum { PADDING = 64 };

static const bson_t *read_document(struct arena *arena, struct str text)
{
    static const struct json_limits limits = {
        .max_depth = 40, .max_keys = 1000, .max_row_bytes = 1 << 24, .max_rows = 1};
    struct json_fault fault;
    const bson_t *document = NULL;

    if (!json_read_object(text, &limits, arena, &document, &fault)) {
        fail_msg("%.*s: %s at %s", (int)text.n, text.p, fault.detail, fault.path);
    }
    return document;
}

const bson_t *test_document(struct arena *arena, const char *json)
{
    size_t n = strlen(json);
    char *text = arena_calloc(arena, n + PADDING, 1);

    for (size_t i = 0; i < n; i++) {
        text[i] = json[i] == '\'' ? '"' : json[i];
    }
    return read_document(arena, (struct str){text, n});
}

const bson_t *test_file(struct arena *arena, const char *path)
{
    enum { MAX_FILE = 1 << 20 };
    char *text = arena_calloc(arena, MAX_FILE + PADDING, 1);
    FILE *file = fopen(path, "r");

    if (!file) {
        fail_msg("%s cannot be opened", path);
    }
    size_t n = fread(text, 1, MAX_FILE, file);

    fclose(file);
    return read_document(arena, (struct str){text, n});
}

static bool is_listed(const char *const *names, const char *key)
{
    for (; names && *names; names++) {
        if (strcmp(*names, key) == 0) {
            return true;
        }
    }
    return false;
}

const char *test_json(struct arena *arena, const bson_t *document, const char *const *without)
{
    AUTO(buf) struct buf text = {0};
    bson_t *rest = document_new(arena);
    bson_iter_t it;

    assert_non_null(document);
    for (bool more = bson_iter_init(&it, document) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!is_listed(without, bson_iter_key(&it))) {
            bson_append_iter(rest, bson_iter_key(&it), -1, &it);
        }
    }
    json_write(&text, rest);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') {
            text.data[i] = '\'';
        }
    }
    return arena_strdup(arena, text.data);
}

void row_bench_init(struct row_bench *bench, struct arena *arena, const struct entity *entity)
{
    *bench = (struct row_bench){.arena = arena, .entity = entity};
    claims_init(&bench->claims, arena, 1);
    bench->unknown.arena = arena;
    bench->snapshots.arena = arena;
}

static struct import_settings *settings_of(struct row_bench *bench)
{
    struct import_settings *settings = arena_alloc(bench->arena, sizeof(*settings));
    struct settings_parts parts = {
        .tenant =
            test_document(bench->arena, bench->tenant_json ? bench->tenant_json : DEFAULT_TENANT),
        .source = bench->source_json ? test_document(bench->arena, bench->source_json) : NULL,
        .request = test_document(bench->arena, bench->request_json ? bench->request_json : "{}"),
    };
    bson_t *built = settings_build(&parts);
    struct str bytes = {(const char *)bson_get_data(built), built->len};
    struct err err;

    assert_ok(settings_read(bench->arena, bytes, settings, &err), &err);
    bson_destroy(built);
    return settings;
}

static struct row_context next_context(struct row_bench *bench)
{
    bench->findings = (struct findings){.arena = bench->arena};
    bench->outcome = (struct row_outcome){.result = ROW_REFUSED};
    return (struct row_context){
        .arena = bench->arena,
        .entity = bench->entity,
        .settings = settings_of(bench),
        .findings = &bench->findings,
        .claims = &bench->claims,
        .snapshots = &bench->snapshots,
        .unknown = &bench->unknown,
        .tenant = "acme",
        .job_id = "queue_import_1_abcdef",
        .row = bench->rows++,
        .now_ms = 1777035535123,
    };
}

static enum row_result take_outcome(struct row_bench *bench)
{
    if (bench->outcome.document) {
        bench->current = bench->outcome.document;
    }
    return bench->outcome.result;
}

enum row_result row_apply_document(struct row_bench *bench, const bson_t *sent)
{
    struct row_context ctx = next_context(bench);
    struct identified_row row;

    if (bench->entity->identify(&ctx, sent, &row)) {
        bench->entity->apply(&ctx, &row, bench->current, &bench->outcome);
    }
    return take_outcome(bench);
}

void row_bench_know(struct row_bench *bench, const struct entity *entity, const char *json)
{
    const bson_t *content = test_document(bench->arena, json);

    snapshots_want(&bench->snapshots, entity, document_text(content, entity->code_field));
    snapshots_know(&bench->snapshots, entity, content);
}

enum row_result row_embed(struct row_bench *bench, const struct entity *entity, const char *id,
                          bool is_listed)
{
    struct row_context ctx = next_context(bench);
    struct embedding embedding = {entity, id, snapshots_get(&bench->snapshots, entity, id),
                                  is_listed};

    assert_non_null(embedding.snapshot);
    bench->entity->embed(&ctx, &embedding, bench->current, &bench->outcome);
    return take_outcome(bench);
}

enum row_result row_apply(struct row_bench *bench, const char *row_json)
{
    return row_apply_document(bench, test_document(bench->arena, row_json));
}

const char *row_content(struct row_bench *bench)
{
    static const char *const system[] = {
        "_id",    "isCurrent", "tenant", "version",       "created_at",   "updated_at",
        "import", "status",    "source", "locked_fields", "published_at", "completeness_score",
        "embeds", NULL,
    };

    return test_json(bench->arena, bench->current, system);
}

bool row_found(const struct row_bench *bench, const char *code, const char *path)
{
    for (size_t i = 0; i < bench->findings.count; i++) {
        const struct finding *finding = &bench->findings.items[i];

        if (strcmp(problem_get(finding->problem)->code, code) == 0 &&
            strcmp(finding->path, path) == 0) {
            return true;
        }
    }
    return false;
}

int row_fixture_open(void **state, const struct entity *entity)
{
    struct row_fixture *fixture = mem_calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    row_bench_init(&fixture->bench, fixture->arena, entity);
    *state = fixture;
    return 0;
}

int row_fixture_close(void **state)
{
    struct row_fixture *fixture = *state;

    arena_free(fixture->arena);
    mem_free(fixture);
    return 0;
}
