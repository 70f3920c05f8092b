/* Every file tests/data/<section>/<claim>.json tells what becomes of a document when a row comes;
 * docs/TESTING.md says how to read and write them. */
#include "domain/document.h"
#include "support/rows.h"
#include "support/test.h"

#include <glob.h>
#include <string.h>

/* May be left out of "expected": what the system sets, and the reference's defaults. */
static const char *const unsaid[] = {
    "_id",
    "isCurrent",
    "tenant",
    "version",
    "created_at",
    "updated_at",
    "import",
    "status",
    "source",
    "published_at",
    "completeness_score",
    "locked_fields",
    "embeds",
    "entity_code",
    "sku",
    "channels",
    "unit",
    "product_kind",
    "is_parent",
    "include_faceting",
    "external_code",
    "public_code",
    "channel",
};

static bool may_be_unsaid(const char *key)
{
    for (size_t i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++) {
        if (strcmp(unsaid[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static const bson_t *part_of(struct arena *arena, const bson_t *golden, const char *name)
{
    bson_iter_t part;

    return bson_iter_init_find(&part, golden, name) && BSON_ITER_HOLDS_DOCUMENT(&part)
               ? document_nested(arena, &part)
               : NULL;
}

static const char *json_of(struct arena *arena, const bson_t *golden, const char *path)
{
    bson_iter_t part;

    return document_find(golden, path, &part)
               ? test_json(arena, document_nested(arena, &part), NULL)
               : NULL;
}

static const bson_t *alone(struct arena *arena, const bson_iter_t *member)
{
    bson_t *out = document_new(arena);

    bson_append_iter(out, "v", 1, member);
    return out;
}

static void check_content(struct row_bench *bench, const bson_t *expected)
{
    bson_iter_t want;
    bson_iter_t got;

    bson_iter_init(&want, expected);
    while (bson_iter_next(&want)) {
        const char *key = bson_iter_key(&want);

        if (!bson_iter_init_find(&got, bench->current, key)) {
            fail_msg("%s is missing", key);
        }
        if (!document_equal(alone(bench->arena, &got), alone(bench->arena, &want), NULL)) {
            fail_msg("%s is %s", key, test_json(bench->arena, alone(bench->arena, &got), NULL));
        }
    }
    bson_iter_init(&got, bench->current);
    while (bson_iter_next(&got)) {
        const char *key = bson_iter_key(&got);

        if (!may_be_unsaid(key) && !bson_iter_init_find(&want, expected, key)) {
            fail_msg("%s was not expected", key);
        }
    }
}

static void check_findings(const struct row_bench *bench, const bson_t *golden, const char *kind,
                           size_t found)
{
    bson_iter_t list;
    bson_iter_t it;
    size_t count = 0;

    for (bool more = document_find(golden, kind, &list) && bson_iter_recurse(&list, &it) &&
                     bson_iter_next(&it);
         more; more = bson_iter_next(&it), count++) {
        const bson_t *finding = document_nested(bench->arena, &it);
        const char *code = document_text(finding, "code");
        const char *path = document_text(finding, "path");

        if (!row_found(bench, code, path)) {
            fail_msg("%s at %s was not found", code, path);
        }
    }
    if (count != found) {
        fail_msg("%zu %s were found", found, kind);
    }
}

static void check_result(const bson_t *golden, enum row_result result)
{
    static const char *const names[] = {
        [ROW_REFUSED] = "refused",
        [ROW_UNCHANGED] = "unchanged",
        [ROW_CREATED] = "created",
        [ROW_UPDATED] = "updated",
    };
    const char *wanted = document_text(golden, "result");

    if (wanted && strcmp(wanted, names[result]) != 0) {
        fail_msg("the row was %s", names[result]);
    }
}

static void a_golden_holds(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const bson_t *golden = test_file(arena, *state);
    const char *entity = document_text(golden, "entity");
    struct row_bench bench;

    print_message("%s\n", document_text(golden, "claim"));
    row_bench_init(&bench, arena,
                   strcmp(entity, "companies") == 0 ? &entity_customers : &entity_products);
    bench.tenant_json = json_of(arena, golden, "settings.tenant");
    bench.source_json = json_of(arena, golden, "settings.source");
    bench.request_json =
        arena_printf(arena, "{'merge_mode':'%s'}", document_text(golden, "merge_mode"));
    bench.current = part_of(arena, golden, "current");
    enum row_result result = row_apply_document(&bench, part_of(arena, golden, "row"));

    check_findings(&bench, golden, "errors", bench.findings.errors);
    check_findings(&bench, golden, "warnings", bench.findings.warnings);
    check_result(golden, result);
    if (part_of(arena, golden, "expected")) {
        check_content(&bench, part_of(arena, golden, "expected"));
    } else if (result != ROW_REFUSED) {
        fail_msg("the row was not refused");
    }
}

int main(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    const size_t root = strlen(TEST_DATA_DIR) + 1;
    glob_t found;
    size_t count = 0;

    if (glob(TEST_DATA_DIR "/*/*.json", 0, NULL, &found) != 0) {
        return 1;
    }
    struct CMUnitTest *tests = arena_calloc(arena, found.gl_pathc, sizeof(*tests));

    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *path = found.gl_pathv[i];

        if (strncmp(path + root, "examples/", 9) != 0) {
            tests[count++] = (struct CMUnitTest){
                .name = path + root, .test_func = a_golden_holds, .initial_state = path};
        }
    }
    int failed = _cmocka_run_group_tests("goldens", tests, count, NULL, NULL);

    globfree(&found);
    return failed;
}
