#include "support/apply_fixture.h"
#include "support/kafka.h"
#include "support/test.h"

#include "base/clock.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "message/topics.h"
#include "runtime/crashes.h"
#include "runtime/runtime.h"

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* An importer that ends itself on a marked row, as a program of its own, between a real Kafka and a
 * real database. This program is both: with an argument it is the importer. */

enum { PATIENCE_MS = 60000, STEP_MS = 5, LIVES_MAX = 20, PATH_SIZE = 4096, KILLS = 10 };

#define LETTERS TOPIC_IMPORT_PRODUCTS TOPIC_DLQ_SUFFIX

static const char mark[] = "CRASH";
static const char group[] = "crashing-importer";

/* ---- the importer ---- */

/* As the kernel does when memory is short: nothing can be done or written any more. */
static bool handle(void *ctx, const struct bus_run *run, struct err *err)
{
    for (size_t i = 0; i < run->count; i++) {
        if (memmem(run->messages[i].value.p, run->messages[i].value.n, mark, strlen(mark))) {
            kill(getpid(), SIGABRT);
            abort();
        }
    }
    return apply_run(ctx, run, err);
}

static int import(void)
{
    static const char *const topic = TOPIC_IMPORT_PRODUCTS;
    static const struct entity *const entities[] = {&entity_products, NULL};
    struct config config;
    struct runtime *runtime = NULL;
    struct store *store = NULL;
    struct bus_producer *producer = NULL;
    struct err err;

    if (!config_load(&config, &err) || !runtime_open(&config, group, &runtime, &err) ||
        !store_open(&config, &store, &err) || !bus_producer_open(&config, &producer, &err)) {
        return EXIT_FAILURE;
    }
    struct apply *apply = apply_open(&(struct apply_options){
        .config = &config, .store = store, .producer = producer, .entities = entities});
    bool ok = runtime_consume(runtime, &config, producer,
                              &(struct consume_options){
                                  .group = group,
                                  .topics = &topic,
                                  .topic_count = 1,
                                  .limits = {.messages = 3, .weight = 1000, .bytes = 1 << 20},
                                  .handle = handle,
                                  .give_up = apply_give_up,
                                  .store = store,
                                  .ctx = apply,
                              },
                              &err);

    apply_close(apply);
    bus_producer_close(producer, 1000);
    store_close(store);
    runtime_close(runtime);
    config_done(&config);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static pid_t start_importer(void)
{
    char self[PATH_SIZE] = {0};
    char argument[] = "import";
    pid_t pid;

    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    assert_int_equal(posix_spawn(&pid, self, NULL, NULL, (char *[]){self, argument, NULL}, environ),
                     0);
    return pid;
}

static void pause_for(int64_t ms)
{
    const struct timespec span = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&span, NULL);
}

/* True when it ended by itself before the deadline or before `is_done` says so. */
static bool has_died(pid_t pid, bool (*is_done)(void), int64_t deadline_ms)
{
    while (clock_monotonic_ms() < deadline_ms && !is_done()) {
        if (waitpid(pid, NULL, WNOHANG) == pid) {
            return true;
        }
        pause_for(STEP_MS);
    }
    return false;
}

static void stop_importer(pid_t pid)
{
    int status;

    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool never(void)
{
    return false;
}

static void kill_after(pid_t pid, int64_t ms)
{
    if (!has_died(pid, never, clock_monotonic_ms() + ms)) {
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    }
}

/* ---- what it is given and what becomes of it ---- */

static int set_up(void **state)
{
    assert_int_equal(apply_fixture_open(state), 0);
    kafka_make_topic(&fixture.config, LETTERS, 1);
    setenv("CONSIGN_METRICS_PORT", "0", 1);
    setenv("CONSIGN_LOG_LEVEL", "error", 1);
    setenv("CONSIGN_INSTANCE", "0", 1);
    setenv("CONSIGN_RETRY_MIN_MS", "10", 1);
    setenv("CONSIGN_RETRY_MAX_MS", "100", 1);
    return 0;
}

/* A job of one chunk with one product. */
static const char *publish(const char *code, const char *name)
{
    const char *job_id = new_job("accepted");
    const struct chunk_spec spec = {
        .job_id = job_id,
        .rows = {arena_printf(fixture.arena, "{'entity_code':'%s','sku':'%s'}", code, name)}};
    const struct bus_message message = message_of(&spec);
    const struct bus_out out = {.topic = message.topic,
                                .key = "acme|0",
                                .value = message.value,
                                .headers = {{"job-id", job_id}, {"tenant", "acme"}}};
    struct err err;

    assert_ok(bus_publish(fixture.producer, &out, 1, PATIENCE_MS, &err), &err);
    return job_id;
}

static const char *last_code; /* of the last product that was published */

static bool last_is_applied(void)
{
    return version_of(arena_printf(fixture.arena, "acme|%s", last_code)) > 0;
}

struct letters {
    size_t count;
    const char *attempts;
    const char *kind;
    const char *group;
    const char *job_id;
};

static bool keep_letter(void *ctx, const struct bus_message *message)
{
    struct letters *letters = ctx;
    const char *attempts = bus_message_header(message, "dlq-attempts");
    const char *kind = bus_message_header(message, "dlq-kind");
    const char *by = bus_message_header(message, "dlq-group");
    const char *job_id = bus_message_header(message, "job-id");

    letters->count++;
    letters->attempts = arena_strdup(fixture.arena, attempts ? attempts : "");
    letters->kind = arena_strdup(fixture.arena, kind ? kind : "");
    letters->group = arena_strdup(fixture.arena, by ? by : "");
    letters->job_id = arena_strdup(fixture.arena, job_id ? job_id : "");
    assert_non_null(bus_message_header(message, "dlq-time"));
    return true;
}

/* A topic that was just made is not known everywhere at once. */
static struct letters read_letters(void)
{
    struct letters letters = {0};
    const struct bus_scan scan = {
        .from = {LETTERS, -1, 0}, .each = keep_letter, .ctx = &letters, .timeout_ms = PATIENCE_MS};
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct err err;

    while (!bus_scan(&fixture.config, &scan, &err)) {
        assert_true(clock_monotonic_ms() < deadline_ms);
        pause_for(STEP_MS);
    }
    return letters;
}

/* Starts it again and again, as Kubernetes would, until the last product is there. */
static size_t restart_until_done(void)
{
    size_t crashes = 0;
    pid_t pid = start_importer();
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (has_died(pid, last_is_applied, deadline_ms) && crashes < LIVES_MAX) {
        crashes++;
        pid = start_importer();
    }
    assert_true(last_is_applied());
    stop_importer(pid);
    return crashes;
}

static void assert_failed_for_a_crash(const char *job_id)
{
    AUTO(bson) bson_t *job = stored("import_jobs", job_id);

    assert_string_equal(document_text(job, "status"), "failed");
    assert_string_equal(document_text(job, "failure.code"), "chunk_crashed");
    assert_non_null(strstr(document_text(job, "failure.error"), "ended 5 times"));
}

static void a_chunk_that_crashes_its_importer_is_given_up_alone_after_five_tries(void **state)
{
    size_t before = read_letters().count;

    (void)state;
    publish("before1", "x");
    publish("before2", "x");
    const char *bad = publish("bad", mark);

    publish("after1", "x");
    publish(last_code = "after2", "x");
    /* Nobody can be blamed for a run of several: one or two more than the five. */
    assert_in_range(restart_until_done(), CRASHES_MAX, CRASHES_MAX + 2);
    struct letters letters = read_letters();

    assert_int_equal(letters.count, before + 1);
    assert_string_equal(letters.attempts, "5");
    assert_string_equal(letters.kind, "crashed");
    assert_string_equal(letters.group, group);
    assert_string_equal(letters.job_id, bad);
    assert_failed_for_a_crash(bad);
    assert_int_equal(version_of("acme|before1"), 1);
    assert_int_equal(version_of("acme|before2"), 1);
    assert_int_equal(version_of("acme|bad"), 0);
    assert_int_equal(version_of("acme|after1"), 1);
}

static void what_was_counted_survives_kills_in_between(void **state)
{
    size_t before = read_letters().count;
    size_t crashes = 0;

    (void)state;
    const char *bad = publish("bad2", mark);

    publish(last_code = "last2", "x");
    for (int life = 0; life < 4; life++) {
        crashes += has_died(start_importer(), never, clock_monotonic_ms() + PATIENCE_MS);
        kill_after(start_importer(), life * 40); /* most often before it has done anything */
    }
    crashes += restart_until_done();
    assert_in_range(crashes, CRASHES_MAX - 4, CRASHES_MAX + 2);
    struct letters letters = read_letters();

    assert_int_equal(letters.count, before + 1);
    assert_string_equal(letters.attempts, "5");
    assert_failed_for_a_crash(bad);
}

static void kills_at_any_moment_send_no_good_chunk_to_the_dead_letters(void **state)
{
    size_t before = read_letters().count;
    uint64_t seed = test_seed();

    (void)state;
    for (int kill = 0; kill < KILLS; kill++) {
        for (int i = 0; i < 5; i++) {
            last_code = arena_printf(fixture.arena, "kill-%d-%d", kill, i);
            publish(last_code, "x");
        }
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        kill_after(start_importer(), 150 + (int64_t)(seed >> 33) % 1000);
    }
    publish(last_code = "kill-last", "x");
    assert_int_equal(restart_until_done(), 0);
    assert_int_equal(read_letters().count, before);
    for (int kill = 0; kill < KILLS; kill++) {
        for (int i = 0; i < 5; i++) {
            assert_int_equal(version_of(arena_printf(fixture.arena, "acme|kill-%d-%d", kill, i)),
                             1);
        }
    }
}

/* ---- the rules of suspicion ---- */

static struct bus_run run_of(struct bus_message *messages, int64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        messages[i] =
            (struct bus_message){.topic = "t", .partition = 3, .offset = first + (int64_t)i};
    }
    return (struct bus_run){.messages = messages, .count = count};
}

/* What the next process makes of it. */
static bool is_suspected(const char *by, int64_t first, size_t count)
{
    struct bus_message messages[8];
    struct bus_run run = run_of(messages, first, count);
    struct crashes *crashes = crashes_open(fixture.store, by);
    struct err err;

    assert_ok(crashes_admit(crashes, &run, &err), &err);
    bool suspected = crashes_suspects(crashes, &run);

    crashes_close(crashes);
    return suspected;
}

static void only_the_run_that_the_last_process_began_with_is_suspected(void **state)
{
    (void)state;
    assert_false(is_suspected("rules", 10, 3));
    assert_true(is_suspected("rules", 10, 3));
    assert_true(is_suspected("rules", 10, 1));
    assert_false(is_suspected("rules", 13, 2)); /* it got further */
    assert_false(is_suspected("rules", 10, 3)); /* the offsets were reset */
    assert_false(is_suspected("other group", 10, 3));
}

static unsigned try_in_a_life(const char *by, int64_t offset, bool comes_back)
{
    struct bus_message message;
    struct bus_run run = run_of(&message, offset, 1);
    struct crashes *crashes = crashes_open(fixture.store, by);
    struct err err;

    assert_ok(crashes_admit(crashes, &run, &err), &err);
    assert_true(crashes_suspects(crashes, &run));
    unsigned count = crashes_count(crashes, &message);

    assert_ok(crashes_begin(crashes, &message, &err), &err);
    if (comes_back) {
        assert_ok(crashes_end(crashes, &message, &err), &err);
    }
    crashes_close(crashes);
    return count;
}

static void a_try_that_comes_back_is_no_crash(void **state)
{
    (void)state;
    assert_false(is_suspected("tries", 20, 2));
    assert_int_equal(try_in_a_life("tries", 20, false), 0);
    assert_int_equal(try_in_a_life("tries", 20, true), 1);
    assert_int_equal(try_in_a_life("tries", 20, true), 1);
    assert_int_equal(try_in_a_life("tries", 20, false), 1);
    assert_int_equal(try_in_a_life("tries", 20, true), 2);
}

static void what_stands_behind_the_suspected_run_is_trusted(void **state)
{
    struct bus_message messages[8];
    struct bus_run run = run_of(messages, 30, 2);
    struct bus_run next;
    struct crashes *crashes;
    struct err err;

    (void)state;
    assert_false(is_suspected("behind", 30, 2));
    crashes = crashes_open(fixture.store, "behind");
    assert_ok(crashes_admit(crashes, &run, &err), &err);
    assert_true(crashes_suspects(crashes, &run));
    next = run_of(messages, 32, 4);
    assert_ok(crashes_admit(crashes, &next, &err), &err);
    assert_false(crashes_suspects(crashes, &next));
    crashes_close(crashes);
    assert_true(is_suspected("behind", 32, 4));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_run_that_the_last_process_began_with_is_suspected),
        cmocka_unit_test(a_try_that_comes_back_is_no_crash),
        cmocka_unit_test(what_stands_behind_the_suspected_run_is_trusted),
        cmocka_unit_test(a_chunk_that_crashes_its_importer_is_given_up_alone_after_five_tries),
        cmocka_unit_test(what_was_counted_survives_kills_in_between),
        cmocka_unit_test(kills_at_any_moment_send_no_good_chunk_to_the_dead_letters),
    };

    (void)argv;
    return argc > 1 ? import() : cmocka_run_group_tests(tests, set_up, apply_fixture_close);
}
