#include "support/search_fixture.h"
#include "support/test.h"

#include "base/clock.h"
#include "bus/bus.h"
#include "config/config.h"
#include "message/message.h"
#include "message/topics.h"
#include "search/search.h"
#include "store/store.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program itself, between real servers: search batches go in, ChunkDone and dead letters come
 * out. */

enum { PATIENCE_MS = 60000 };

static struct config config;
static struct store *store;
static struct store_session *session;
static struct search *search;
static struct bus_producer *producer;
static struct bus_consumer *progress;
static struct bus_consumer *letters;
static pid_t program;

static void configure(void)
{
    const char *name = test_unique();
    struct err err;

    setenv("KAFKA_BROKERS", test_env("KAFKA_BROKERS", "127.0.0.1:19092"), 1);
    setenv("CONSIGN_TOPIC_PREFIX", name, 1);
    setenv("CONSIGN_DATABASE", name, 1);
    setenv("CONSIGN_INDEX_PREFIX", name, 1);
    setenv("CONSIGN_METRICS_PORT", "0", 1);
    assert_ok(config_load(&config, &err), &err);
}

static void create_topics(void)
{
    static const char *const names[] = {TOPIC_SEARCH, TOPIC_SEARCH TOPIC_DLQ_SUFFIX,
                                        TOPIC_PROGRESS};
    struct bus_topic_spec specs[3];
    struct err err;

    for (size_t i = 0; i < 3; i++) {
        specs[i] = (struct bus_topic_spec){names[i], 1, 1, 3600000, 1048576};
    }
    assert_ok(bus_create_topics(&config, specs, 3, &err), &err);
}

static void start_program(void)
{
    extern char **environ;
    char path[512];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    assert_true(n > 0);
    path[n] = '\0';
    snprintf(strrchr(path, '/'), 64, "/consign-search-sync");
    char *const argv[] = {path, NULL};
    assert_int_equal(posix_spawn(&program, path, NULL, NULL, argv, environ), 0);
}

static struct bus_consumer *consume(const char *topic)
{
    struct bus_consumer *consumer;
    struct err err;

    assert_ok(bus_consumer_open(&config, topic, &topic, 1, &consumer, &err), &err);
    return consumer;
}

static int open_all(void **state)
{
    struct err err;

    (void)state;
    configure();
    create_topics();
    assert_ok(store_open(&config, &store, &err), &err);
    assert_ok(store_session_open(store, &session, &err), &err);
    assert_ok(search_open(&config, &search, &err), &err);
    assert_ok(search_put_template(search, &err), &err);
    assert_ok(bus_producer_open(&config, &producer, &err), &err);
    progress = consume(TOPIC_PROGRESS);
    letters = consume(TOPIC_SEARCH TOPIC_DLQ_SUFFIX);
    start_program();
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    if (program) {
        kill(program, SIGKILL);
        waitpid(program, NULL, 0);
    }
    search_fixture_sweep(search);
    bus_consumer_close(letters);
    bus_consumer_close(progress);
    bus_producer_close(producer, 1000);
    search_close(search);
    store_session_close(session);
    store_close(store);
    config_done(&config);
    return 0;
}

static void insert_current(const char *entity, const char *tenant, const char *code,
                           int64_t version)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *id = ID_JOIN(arena, tenant, code);
    const char *code_field = strcmp(entity, "customers") == 0 ? "external_code" : "entity_code";
    AUTO(bson)
    bson_t *document =
        BCON_NEW("_id", BCON_UTF8(id), "isCurrent", BCON_BOOL(true), "tenant", BCON_UTF8(tenant),
                 "version", BCON_INT64(version), code_field, BCON_UTF8(code));
    struct err err;

    assert_ok(store_insert(session, entity, document, &err), &err);
}

static struct message_origin origin_of(const char *job_id, const char *entity, const char *tenant)
{
    return (struct message_origin){
        .job_id = job_id, .tenant = tenant, .entity = entity, .lanes = 1, .trace_id = "trace"};
}

static void publish_bytes(const char *tenant, struct str value)
{
    struct bus_out out = {.topic = TOPIC_SEARCH, .key = tenant, .value = value};
    struct err err;

    assert_ok(bus_publish(producer, &out, 1, PATIENCE_MS, &err), &err);
}

static void publish_batch(const struct message_origin *origin, struct search_item *items,
                          size_t count)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct search_batch batch = {.origin = *origin, .items = items, .item_count = count};

    publish_bytes(origin->tenant, search_batch_encode(arena, &batch));
}

/* The next message of a topic; it lives until the run is freed. */
static const struct bus_message *await_message(struct bus_consumer *consumer, struct bus_run *run)
{
    const struct bus_run_limits one = {.messages = 1, .weight = 1, .bytes = 1};
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct err err;

    do {
        assert_ok(bus_consumer_take(consumer, &one, 200, run, &err), &err);
    } while (run->count == 0 && clock_monotonic_ms() < deadline_ms);
    assert_int_equal(run->count, 1);
    return &run->messages[0];
}

/* The next ChunkDone must be this job's and say these counts. */
static void assert_told(const char *job_id, uint32_t indexed, uint32_t failed)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bus_run) struct bus_run run = {0};
    const struct bus_message *message = await_message(progress, &run);
    struct chunk_done done;
    struct err err;

    assert_ok(chunk_done_decode(arena, message->value, &done, &err), &err);
    assert_string_equal(done.origin.job_id, job_id);
    assert_int_equal(done.stage, CHUNK_INDEXED);
    assert_int_equal(done.indexed, indexed);
    assert_int_equal(done.index_failed, failed);
    assert_true(str_is(message->key, job_id));
}

static const char *header(const struct bus_message *message, const char *key)
{
    const char *value = bus_message_header(message, key);

    return value ? value : "";
}

static void what_a_batch_names_becomes_searchable_and_the_job_is_told(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct message_origin origin = origin_of("job_1", "products", "acme");
    struct search_item items[] = {{"A", 1}, {"B|%", 7}, {"C", 3}};
    struct search_query query = {
        .entity = "products", .tenant = "acme", .text = STR("b|%"), .limit = 5};
    struct search_hits hits;
    struct err err;

    (void)state;
    insert_current("products", "acme", "A", 1);
    insert_current("products", "acme", "B|%", 9);
    insert_current("products", "acme", "C", 3);
    publish_batch(&origin, items, 3);
    assert_told("job_1", 3, 0);
    assert_int_equal(search_fixture_count(search, "products", "acme"), 3);
    assert_ok(search_find(search, arena, &query, &hits, &err), &err);
    assert_int_equal(hits.total, 1);
    assert_string_equal(hits.codes[0], "B|%");
}

static void a_batch_that_comes_again_changes_nothing_and_is_told_again(void **state)
{
    struct message_origin origin = origin_of("job_1", "products", "acme");
    struct search_item items[] = {{"A", 1}, {"B|%", 7}, {"C", 3}, {"A", 1}};

    (void)state;
    publish_batch(&origin, items, 4);
    assert_told("job_1", 4, 0);
    assert_int_equal(search_fixture_count(search, "products", "acme"), 3);
}

static void batches_of_several_tenants_and_entities_do_not_mix(void **state)
{
    struct message_origin origins[] = {
        origin_of("job_2", "customers", "acme"),
        origin_of("job_3", "products", "globex"),
        origin_of("job_4", "customers", "globex"),
    };
    struct search_item item = {"A", 1};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        insert_current(origins[i].entity, origins[i].tenant, "A", 1);
        publish_batch(&origins[i], &item, 1);
    }
    assert_told("job_2", 1, 0);
    assert_told("job_3", 1, 0);
    assert_told("job_4", 1, 0);
    assert_int_equal(search_fixture_count(search, "customers", "acme"), 1);
    assert_int_equal(search_fixture_count(search, "products", "globex"), 1);
    assert_int_equal(search_fixture_count(search, "customers", "globex"), 1);
    assert_int_equal(search_fixture_count(search, "products", "acme"), 3);
}

static void a_document_that_is_gone_fails_alone_and_says_why_in_its_dead_letter(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bus_run) struct bus_run run = {0};
    struct message_origin origin = origin_of("job_5", "products", "acme");
    struct search_item items[] = {{"A", 1}, {"gone", 4}};
    struct search_batch batch;
    struct err err;

    (void)state;
    publish_batch(&origin, items, 2);
    assert_told("job_5", 1, 1);
    const struct bus_message *letter = await_message(letters, &run);
    assert_ok(search_batch_decode(arena, letter->value, &batch, &err), &err);
    assert_string_equal(batch.origin.job_id, "job_5");
    assert_int_equal(batch.item_count, 1);
    assert_string_equal(batch.items[0].code, "gone");
    assert_int_equal(batch.items[0].version, 4);
    assert_string_equal(header(letter, "dlq-topic"), TOPIC_SEARCH);
    assert_non_null(strstr(header(letter, "dlq-error"), "no current document"));
    assert_string_equal(header(letter, "job-id"), "job_5");
}

static void what_is_no_search_batch_is_put_aside_and_the_next_one_is_indexed(void **state)
{
    AUTO(bus_run) struct bus_run run = {0};
    struct message_origin origin = origin_of("job_6", "products", "acme");
    struct search_item item = {"A", 1};

    (void)state;
    publish_bytes("acme", STR("this is no protobuf message"));
    publish_batch(&origin, &item, 1);
    assert_told("job_6", 1, 0);
    const struct bus_message *letter = await_message(letters, &run);
    assert_true(str_is(letter->value, "this is no protobuf message"));
}

static void a_batch_whose_tenant_cannot_have_an_index_is_counted_as_failed(void **state)
{
    AUTO(bus_run) struct bus_run run = {0};
    struct message_origin origin = origin_of("job_7", "products", "Not*An,Index");
    struct search_item item = {"A", 1};

    (void)state;
    insert_current("products", "Not*An,Index", "A", 1);
    publish_batch(&origin, &item, 1);
    assert_told("job_7", 0, 1);
    assert_string_equal(header(await_message(letters, &run), "dlq-kind"), "invalid");
}

static void a_thousand_documents_are_indexed_in_twenty_batches(void **state)
{
    struct message_origin origin = origin_of("job_8", "products", "many");
    struct search_item items[SEARCH_BATCH_ITEMS];
    char codes[SEARCH_BATCH_ITEMS][16];

    (void)state;
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < SEARCH_BATCH_ITEMS; j++) {
            snprintf(codes[j], sizeof(codes[j]), "M-%d-%d", i, j);
            insert_current("products", "many", codes[j], 1);
            items[j] = (struct search_item){codes[j], 1};
        }
        publish_batch(&origin, items, SEARCH_BATCH_ITEMS);
    }
    for (int i = 0; i < 20; i++) {
        assert_told("job_8", SEARCH_BATCH_ITEMS, 0);
    }
    assert_int_equal(search_fixture_count(search, "products", "many"), 1000);
}

static void the_program_ends_in_order_when_it_is_told_to(void **state)
{
    int status;

    (void)state;
    assert_int_equal(kill(program, SIGTERM), 0);
    assert_int_equal(waitpid(program, &status, 0), program);
    program = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_batch_names_becomes_searchable_and_the_job_is_told),
        cmocka_unit_test(a_batch_that_comes_again_changes_nothing_and_is_told_again),
        cmocka_unit_test(batches_of_several_tenants_and_entities_do_not_mix),
        cmocka_unit_test(a_document_that_is_gone_fails_alone_and_says_why_in_its_dead_letter),
        cmocka_unit_test(what_is_no_search_batch_is_put_aside_and_the_next_one_is_indexed),
        cmocka_unit_test(a_batch_whose_tenant_cannot_have_an_index_is_counted_as_failed),
        cmocka_unit_test(a_thousand_documents_are_indexed_in_twenty_batches),
        cmocka_unit_test(the_program_ends_in_order_when_it_is_told_to),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
