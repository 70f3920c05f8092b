#include "support/apply_fixture.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "message/topics.h"
#include "support/rows.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

struct apply_fixture fixture;

int apply_fixture_open(void **state)
{
    struct err err;

    (void)state;
    setenv("CONSIGN_DATABASE", test_unique(), 1);
    setenv("CONSIGN_TOPIC_PREFIX", arena_printf(fixture.arena = arena_new(), "%s.", test_unique()),
           1);
    assert_ok(config_load(&fixture.config, &err), &err);
    assert_ok(store_open(&fixture.config, &fixture.store, &err), &err);
    assert_ok(store_create_schema(fixture.store, &err), &err);
    assert_ok(bus_producer_open(&fixture.config, &fixture.producer, &err), &err);
    const struct bus_topic_spec topics[] = {
        {TOPIC_SEARCH, 1, 1, 3600000, 1048576},
        {TOPIC_PROGRESS, 1, 1, 3600000, 1048576},
        {TOPIC_IMPORT_PRODUCTS, 1, 1, 3600000, 1048576},
    };
    assert_ok(bus_create_topics(&fixture.config, topics, 3, &err), &err);
    assert_ok(store_session_open(fixture.store, &fixture.session, &err), &err);
    return 0;
}

int apply_fixture_close(void **state)
{
    (void)state;
    store_session_close(fixture.session);
    bus_producer_close(fixture.producer, 5000);
    store_close(fixture.store);
    config_done(&fixture.config);
    arena_free(fixture.arena);
    return 0;
}

const char *new_job_of(const char *tenant, const char *acceptance)
{
    char id[ID_JOB_SIZE];
    struct err err;

    id_new_job("queue_import", clock_now_ms(), id);
    AUTO(bson)
    bson_t *job = BCON_NEW("_id", BCON_UTF8(id), "tenant", BCON_UTF8(tenant), "acceptance",
                           BCON_UTF8(acceptance), "status", BCON_UTF8("pending"), "total_chunks",
                           BCON_NULL, "total_rows", BCON_NULL, "done_chunks", BCON_INT64(0),
                           "accepting_since", BCON_DATE_TIME(clock_now_ms()));
    assert_ok(store_insert(fixture.session, "import_jobs", job, &err), &err);
    return arena_strdup(fixture.arena, id);
}

const char *new_job(const char *acceptance)
{
    return new_job_of("acme", acceptance);
}

struct str settings_bytes(void)
{
    struct settings_parts parts = {
        .tenant = test_document(fixture.arena, "{'languages':['it','en'],'default_language':'it',"
                                               "'search_languages':['it']}")};
    bson_t *built = settings_build(&parts);
    void *copy = arena_memdup(fixture.arena, bson_get_data(built), built->len);
    struct str bytes = {copy, built->len};

    bson_destroy(built);
    return bytes;
}

struct bus_message message_of(const struct chunk_spec *spec)
{
    struct import_chunk chunk = {
        .origin = {.job_id = spec->job_id,
                   .tenant = spec->tenant ? spec->tenant : "acme",
                   .entity = spec->entity ? spec->entity : "products",
                   .chunk = spec->number,
                   .lanes = 1,
                   .trace_id = ""},
        .settings = settings_bytes(),
        .rows = arena_calloc(fixture.arena, 4, sizeof(struct message_row)),
        .embed = spec->embed,
        .scan = spec->scan,
    };

    while (chunk.row_count < 4 && spec->rows[chunk.row_count]) {
        const bson_t *row = test_document(fixture.arena, spec->rows[chunk.row_count]);

        chunk.rows[chunk.row_count].index = spec->first_row + (uint32_t)chunk.row_count;
        chunk.rows[chunk.row_count].bson = (struct str){(const char *)bson_get_data(row), row->len};
        chunk.row_count++;
    }
    return (struct bus_message){.topic = TOPIC_IMPORT_PRODUCTS,
                                .value = import_chunk_encode(fixture.arena, &chunk)};
}

bool apply_messages(const struct entity *entity, struct bus_message *messages, size_t count,
                    struct err *err)
{
    struct apply *apply = apply_open(&(struct apply_options){
        .config = &fixture.config,
        .store = fixture.store,
        .producer = fixture.producer,
        .entities = (const struct entity *const[]){entity, NULL},
    });
    bool ok = apply_run(apply, &(struct bus_run){.messages = messages, .count = count}, err);

    apply_close(apply);
    return ok;
}

bool apply_specs(const struct entity *entity, const struct chunk_spec *specs, size_t count,
                 struct err *err)
{
    struct bus_message messages[4];

    for (size_t i = 0; i < count; i++) {
        messages[i] = message_of(&specs[i]);
    }
    return apply_messages(entity, messages, count, err);
}

void assert_applied(const struct entity *entity, const struct chunk_spec *specs, size_t count)
{
    struct err err;

    assert_ok(apply_specs(entity, specs, count, &err), &err);
}

bson_t *stored(const char *collection, const char *id)
{
    bson_t *document = NULL;
    struct err err;

    if (!store_get(fixture.session, collection, id, &document, &err)) {
        assert_int_equal(err.kind, ERR_NOT_FOUND);
    }
    return document;
}

int64_t version_of(const char *id)
{
    AUTO(bson) bson_t *document = stored("products", id);

    return document ? document_int64(document, "version", 0) : 0;
}

int64_t count_in(const char *collection, const char *field, const char *value)
{
    AUTO(bson) bson_t *filter = BCON_NEW(field, BCON_UTF8(value));
    int64_t count = -1;
    struct err err;

    assert_ok(store_count(fixture.session, collection, filter, &count, &err), &err);
    return count;
}
