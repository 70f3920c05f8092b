#include "support/kafka.h"
#include "support/test.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/document.h"
#include "domain/stored.h"
#include "json/json.h"
#include "message/message.h"
#include "message/topics.h"
#include "store/store.h"

#include <libgen.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The program consign-job-tracker between a real Kafka and a real database. */

enum { PATIENCE_MS = 60000, CHUNKS = 4, INDEXED_BATCHES = 5, EVENTS_MAX = 64, PATH_SIZE = 4096 };

struct fixture {
    struct config config;
    struct store *store;
    struct store_session *session;
    struct bus_producer *producer;
    struct arena *arena;
    pid_t tracker;
};

static void set_environment(const struct config *config)
{
    setenv("KAFKA_BROKERS", config->kafka_brokers, 1);
    setenv("MONGO_URI", config->mongo_uri, 1);
    setenv("CONSIGN_DATABASE", config->mongo_database, 1);
    setenv("CONSIGN_TOPIC_PREFIX", config->topic_prefix, 1);
    setenv("CONSIGN_METRICS_PORT", "0", 1);
}

static void make_topics(const struct config *config)
{
    kafka_make_topic(config, TOPIC_PROGRESS, 2);
    kafka_make_topic(config, TOPIC_PROGRESS TOPIC_DLQ_SUFFIX, 1);
    kafka_make_topic(config, TOPIC_IMPORT_PRODUCTS TOPIC_DLQ_SUFFIX, 1);
    kafka_make_topic(config, TOPIC_IMPORT_CUSTOMERS TOPIC_DLQ_SUFFIX, 1);
    kafka_make_topic(config, TOPIC_COMPLETED_PRODUCTS, 1);
    kafka_make_topic(config, TOPIC_COMPLETED_CUSTOMERS, 1);
    kafka_make_topic(config, TOPIC_COMPLETED_BATCHES, 1);
}

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err;

    setenv("CONSIGN_DATABASE", test_unique(), 1);
    kafka_config(&f->config);
    set_environment(&f->config);
    make_topics(&f->config);
    assert_ok(store_open(&f->config, &f->store, &err), &err);
    assert_ok(store_create_schema(f->store, &err), &err);
    assert_ok(store_session_open(f->store, &f->session, &err), &err);
    assert_ok(bus_producer_open(&f->config, &f->producer, &err), &err);
    f->arena = arena_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    if (f->tracker) {
        kill(f->tracker, SIGKILL);
        waitpid(f->tracker, NULL, 0);
    }
    arena_free(f->arena);
    bus_producer_close(f->producer, 1000);
    store_session_close(f->session);
    store_close(f->store);
    config_done(&f->config);
    mem_free(f);
    return 0;
}

/* ---- the program ---- */

static void start_tracker(struct fixture *f)
{
    char self[PATH_SIZE] = {0};
    char program[PATH_SIZE + 32];

    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    snprintf(program, sizeof(program), "%s/consign-job-tracker", dirname(self));
    assert_int_equal(
        posix_spawn(&f->tracker, program, NULL, NULL, (char *[]){program, NULL}, environ), 0);
}

static int stop_tracker(struct fixture *f, int signal_number)
{
    int status;

    assert_int_equal(kill(f->tracker, signal_number), 0);
    assert_int_equal(waitpid(f->tracker, &status, 0), f->tracker);
    f->tracker = 0;
    return status;
}

/* ---- jobs ---- */

static const char *make_job(struct fixture *f, const char *entity, const char *batch_id,
                            int64_t part)
{
    char *id = arena_alloc(f->arena, ID_JOB_SIZE);
    struct err err;

    id_new_job("import", clock_now_ms(), id);
    bson_t *job = BCON_NEW("_id", BCON_UTF8(id), "tenant", "acme", "entity", BCON_UTF8(entity),
                           "acceptance", "accepted", "status", "pending", "merge_mode", "replace",
                           "source_id", BCON_NULL, "trace_id", "4bf92f3577b34da6a3ce929d0e0e4736",
                           "total_chunks", BCON_INT64(CHUNKS), "lanes", BCON_INT64(1), "total_rows",
                           BCON_INT64(4 * CHUNKS), "created_at", BCON_DATE_TIME(500));

    if (batch_id) {
        BCON_APPEND(job, "batch_id", BCON_UTF8(batch_id), "batch_part", BCON_INT64(part),
                    "batch_total_parts", BCON_INT64(2), "batch_total_items", BCON_NULL);
    }
    assert_ok(store_insert(f->session, "import_jobs", job, &err), &err);
    bson_destroy(job);
    return id;
}

static void publish_chunks(struct fixture *f, const char *job_id, uint32_t from, uint32_t to)
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(f->producer);
    struct err err;

    for (uint32_t chunk = from; chunk < to; chunk++) {
        struct chunk_done done = {.origin = {.job_id = job_id,
                                             .tenant = "acme",
                                             .entity = "products",
                                             .chunk = chunk,
                                             .lanes = 1,
                                             .trace_id = ""},
                                  .counts = {.successful = 3, .failed = 1, .errors = 1},
                                  .started_at_ms = 1000 + chunk,
                                  .finished_at_ms = 2000 + chunk};
        struct bus_out message = {.topic = TOPIC_PROGRESS,
                                  .key = job_id,
                                  .value = chunk_done_encode(f->arena, &done),
                                  .headers = {{"job-id", job_id}, {"tenant", "acme"}}};

        assert_ok(bus_group_add(group, &message, PATIENCE_MS, &err), &err);
    }
    assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
}

static void publish_done(struct fixture *f, const struct chunk_done *done)
{
    const char *job_id = done->origin.job_id;
    struct bus_out message = {.topic = TOPIC_PROGRESS,
                              .key = job_id,
                              .value = chunk_done_encode(f->arena, done),
                              .headers = {{"job-id", job_id}, {"tenant", "acme"}}};
    struct err err;

    assert_ok(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err), &err);
}

static void add_indexed(struct fixture *f, struct bus_group *group, const char *job_id,
                        uint32_t chunk, uint32_t batch)
{
    struct chunk_done done = {.origin = {.job_id = job_id,
                                         .tenant = "acme",
                                         .entity = "products",
                                         .chunk = chunk,
                                         .lanes = 1,
                                         .trace_id = ""},
                              .stage = CHUNK_INDEXED,
                              .batch = batch,
                              .indexed = 1 + chunk + 10 * batch,
                              .index_failed = 1};
    struct bus_out message = {.topic = TOPIC_PROGRESS,
                              .key = job_id,
                              .value = chunk_done_encode(f->arena, &done),
                              .headers = {{"job-id", job_id}, {"tenant", "acme"}}};
    struct err err;

    assert_ok(bus_group_add(group, &message, PATIENCE_MS, &err), &err);
}

static const bson_t *load_job(struct fixture *f, const char *job_id)
{
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    assert_ok(store_get(f->session, "import_jobs", job_id, &job, &err), &err);
    return document_view(f->arena, arena_memdup(f->arena, bson_get_data(job), job->len), job->len);
}

static bool is_announced(const bson_t *job)
{
    return stored_date(job, "announced_at", 0) > 0;
}

static bool is_searchable(const bson_t *job)
{
    return document_int64(job, "indexed_batches", 0) == CHUNKS * INDEXED_BATCHES;
}

/* The job's document once it is so. */
static const bson_t *await_job(struct fixture *f, const char *job_id,
                               bool (*is_so)(const bson_t *job))
{
    const struct timespec moment = {0, 20000000};
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (clock_monotonic_ms() < deadline_ms) {
        const bson_t *job = load_job(f, job_id);

        if (is_so(job)) {
            return job;
        }
        nanosleep(&moment, NULL);
    }
    fail_msg("job %s did not come so far in time", job_id);
    return NULL;
}

static const bson_t *await_announced(struct fixture *f, const char *job_id)
{
    return await_job(f, job_id, is_announced);
}

/* ---- events ---- */

struct seen {
    const char *ids[EVENTS_MAX];
    const bson_t *data[EVENTS_MAX];
    size_t count;
};

static const char *header(const struct bus_message *message, const char *key)
{
    const char *value = bus_message_header(message, key);

    if (!value) {
        fail_msg("an event has no header %s", key);
    }
    return value;
}

static const bson_t *parse(struct arena *arena, struct str text)
{
    static const struct json_limits limits = {.max_depth = 8, .max_keys = 100};
    char *padded = arena_calloc(arena, 1, text.n + 64);
    struct json_fault fault;
    const bson_t *document = NULL;

    memcpy(padded, text.p, text.n);
    if (!json_read_object((struct str){padded, text.n}, &limits, arena, &document, &fault)) {
        fail_msg("an event is no JSON: %s", fault.detail);
    }
    return document;
}

static void remember(struct fixture *f, const struct bus_run *run, struct seen *seen)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct bus_message *message = &run->messages[i];

        assert_true(seen->count < EVENTS_MAX);
        assert_string_equal(header(message, "ce_specversion"), "1.0");
        assert_string_equal(header(message, "content-type"), "application/json");
        seen->ids[seen->count] = arena_strdup(f->arena, header(message, "ce_id"));
        seen->data[seen->count++] = parse(f->arena, message->value);
    }
}

static const bson_t *event_with_id(const struct seen *seen, const char *id)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->ids[i], id) == 0) {
            return seen->data[i];
        }
    }
    return NULL;
}

/* Reads the public topic until all the ids were seen. */
static struct seen await_events(struct fixture *f, const char *topic, const char *const *ids,
                                size_t count)
{
    const struct bus_run_limits limits = {.messages = 100, .weight = 10000, .bytes = 1 << 20};
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct bus_consumer *consumer = NULL;
    struct seen seen = {0};
    struct err err;
    size_t found = 0;

    assert_ok(bus_consumer_open(&f->config, arena_printf(f->arena, "reader.%s", topic), &topic, 1,
                                &consumer, &err),
              &err);
    while (found < count && clock_monotonic_ms() < deadline_ms) {
        struct bus_run run = {0};

        assert_ok(bus_consumer_take(consumer, &limits, 200, &run, &err), &err);
        remember(f, &run, &seen);
        bus_run_free(&run);
        found = 0;
        for (size_t i = 0; i < count; i++) {
            found += event_with_id(&seen, ids[i]) != NULL;
        }
    }
    bus_consumer_close(consumer);
    assert_int_equal(found, count);
    return seen;
}

/* ---- claims ---- */

static void jobs_and_their_batch_complete_once_although_the_tracker_is_killed(void **state)
{
    struct fixture *f = *state;
    const char *products = make_job(f, "products", "weekly", 1);
    const char *more = make_job(f, "products", "weekly", 2);
    const char *customers = make_job(f, "customers", NULL, 0);
    const char *batch_id = "acme|weekly";

    start_tracker(f);
    publish_chunks(f, products, 0, CHUNKS);
    publish_chunks(f, more, 0, CHUNKS / 2);
    await_announced(f, products);
    publish_chunks(f, customers, 0, CHUNKS);
    stop_tracker(f, SIGKILL);
    publish_chunks(f, more, 0, CHUNKS);
    start_tracker(f);

    const bson_t *job = await_announced(f, more);
    await_announced(f, customers);
    assert_string_equal(document_text(job, "status"), "completed");
    assert_int_equal(document_int64(job, "processed_rows", 0), 4 * CHUNKS);
    assert_int_equal(document_int64(job, "successful_rows", 0), 3 * CHUNKS);

    struct seen seen =
        await_events(f, TOPIC_COMPLETED_PRODUCTS, (const char *[]){products, more}, 2);
    const bson_t *event = event_with_id(&seen, more);
    assert_string_equal(document_text(event, "status"), "completed");
    assert_int_equal(document_int64(event, "successful_rows", 0), 3 * CHUNKS);
    assert_string_equal(document_text(event, "completed_at"), "1970-01-01T00:00:02.003Z");
    await_events(f, TOPIC_COMPLETED_CUSTOMERS, &customers, 1);
    seen = await_events(f, TOPIC_COMPLETED_BATCHES, &batch_id, 1);
    assert_int_equal(document_int64(seen.data[0], "rows_successful", 0), 2 * 3 * CHUNKS);
    assert_int_equal(WEXITSTATUS(stop_tracker(f, SIGTERM)), 0);
}

static void an_open_job_completes_when_it_is_sealed_and_is_announced_with_its_rows(void **state)
{
    struct fixture *f = *state;
    const char *job_id = make_job(f, "products", NULL, 0);
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(job_id));
    AUTO(bson)
    bson_t *open = BCON_NEW("$set", "{", "total_chunks", BCON_NULL, "total_rows", BCON_NULL, "}");
    struct chunk_done seal = {
        .origin = {.job_id = job_id, .tenant = "acme", .entity = "products", .lanes = 1},
        .stage = CHUNK_SEALED,
        .started_at_ms = 1500,
        .finished_at_ms = 1501,
        .total_chunks = 2};
    struct err err;

    assert_ok(store_update(f->session, "import_jobs", filter, open, false, NULL, &err), &err);
    start_tracker(f);
    publish_chunks(f, job_id, 0, 1);
    publish_done(f, &seal);
    publish_chunks(f, job_id, 1, 2);

    assert_int_equal(document_int64(await_announced(f, job_id), "total_rows", 0), 8);
    struct seen seen = await_events(f, TOPIC_COMPLETED_PRODUCTS, &job_id, 1);
    assert_int_equal(document_int64(event_with_id(&seen, job_id), "total_rows", 0), 8);
    assert_int_equal(WEXITSTATUS(stop_tracker(f, SIGTERM)), 0);
}

/* Backwards, each twice, those of two jobs mixed, with one among them that no job can have. */
static void publish_indexed(struct fixture *f, const char *const jobs[2])
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(f->producer);
    struct err err;

    for (uint32_t i = 2 * CHUNKS * INDEXED_BATCHES; i-- > 0;) {
        for (size_t job = 0; job < 2; job++) {
            add_indexed(f, group, jobs[job], i / 2 / INDEXED_BATCHES, i / 2 % INDEXED_BATCHES);
            if (i == CHUNKS) {
                add_indexed(f, group, jobs[job], 0, SEARCH_BATCHES_MAX);
            }
        }
    }
    assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
}

static void rows_that_became_searchable_count_once_in_any_order(void **state)
{
    enum { BATCHES = CHUNKS * INDEXED_BATCHES };
    struct fixture *f = *state;
    const char *jobs[] = {make_job(f, "products", NULL, 0), make_job(f, "products", NULL, 0)};
    int64_t rows = 0;

    for (int i = 0; i < BATCHES; i++) {
        rows += 1 + i / INDEXED_BATCHES + 10 * (i % INDEXED_BATCHES);
    }
    publish_indexed(f, jobs);
    start_tracker(f);
    await_job(f, jobs[0], is_searchable);
    await_job(f, jobs[1], is_searchable);
    stop_tracker(f, SIGKILL);
    publish_indexed(f, jobs);
    start_tracker(f);
    for (size_t job = 0; job < 2; job++) {
        publish_chunks(f, jobs[job], 0, CHUNKS);
        await_announced(f, jobs[job]);
    }
    assert_int_equal(WEXITSTATUS(stop_tracker(f, SIGTERM)), 0);
    for (size_t job = 0; job < 2; job++) {
        const bson_t *stored = load_job(f, jobs[job]);

        assert_int_equal(document_int64(stored, "indexed_rows", 0), rows);
        assert_int_equal(document_int64(stored, "index_failed_rows", 0), BATCHES);
        assert_string_equal(document_text(stored, "status"), "completed");
    }
}

static void a_job_with_a_dead_lettered_chunk_fails_and_is_announced(void **state)
{
    struct fixture *f = *state;
    const char *job_id = make_job(f, "products", NULL, 0);
    struct bus_out letter = {
        .topic = TOPIC_IMPORT_PRODUCTS TOPIC_DLQ_SUFFIX,
        .key = "acme|0",
        .value = STR("not a chunk"),
        .headers = {{"job-id", job_id}, {"tenant", "acme"}, {"dlq-error", "no ImportChunk"}}};
    struct err err;

    start_tracker(f);
    publish_chunks(f, job_id, 0, 1);
    assert_ok(bus_publish(f->producer, &letter, 1, PATIENCE_MS, &err), &err);

    const bson_t *job = await_announced(f, job_id);
    assert_string_equal(document_text(job, "status"), "failed");
    assert_string_equal(document_text(job, "failure.error"), "no ImportChunk");
    assert_string_equal(document_text(job, "failure.dlq.topic"), letter.topic);
    assert_int_equal(document_int64(job, "failure.dlq.partition", -1), 0);
    assert_int_equal(document_int64(job, "failure.dlq.offset", -1), 0);
    struct seen seen = await_events(f, TOPIC_COMPLETED_PRODUCTS, &job_id, 1);
    assert_string_equal(document_text(event_with_id(&seen, job_id), "status"), "failed");
    assert_int_equal(WEXITSTATUS(stop_tracker(f, SIGTERM)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_and_their_batch_complete_once_although_the_tracker_is_killed),
        cmocka_unit_test(an_open_job_completes_when_it_is_sealed_and_is_announced_with_its_rows),
        cmocka_unit_test(rows_that_became_searchable_count_once_in_any_order),
        cmocka_unit_test(a_job_with_a_dead_lettered_chunk_fails_and_is_announced),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
