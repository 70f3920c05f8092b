#include "support/kafka.h"
#include "support/test.h"

#include "base/clock.h"

#include <stdio.h>

enum { PATIENCE_MS = 30000 };

static const struct bus_run_limits any = {.messages = 1000, .weight = 100000, .bytes = 8 << 20};

struct fixture {
    struct config config;
    struct bus_producer *producer;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err;

    kafka_config(&f->config);
    assert_ok(bus_producer_open(&f->config, &f->producer, &err), &err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    bus_producer_close(f->producer, 1000);
    config_done(&f->config);
    mem_free(f);
    return 0;
}

static struct bus_consumer *join(const struct fixture *f, const char *topic)
{
    struct bus_consumer *consumer;
    struct err err;

    assert_ok(bus_consumer_open(&f->config, "g", &topic, 1, &consumer, &err), &err);
    return consumer;
}

/* As a static member of that name. */
static struct bus_consumer *join_as(struct fixture *f, const char *topic, const char *instance)
{
    mem_free(f->config.instance);
    f->config.instance = mem_strdup(instance);
    return join(f, topic);
}

/* Takes runs until these values are in, in one or in several; stores them when asked to. */
static void assert_next(struct bus_consumer *consumer, const struct bus_run_limits *limits,
                        const char *values, bool store)
{
    AUTO(buf) struct buf got = {0};

    while (got.len < strlen(values)) {
        AUTO(bus_run) struct bus_run run;

        kafka_take(consumer, limits, &run);
        AUTO(char) char *text = kafka_values(&run);

        buf_adds(&got, text);
        if (store) {
            bus_run_store(consumer, &run);
        }
    }
    assert_string_equal(got.data, values);
}

static void publish_weighted(struct fixture *f, const char *topic, uint32_t weight, size_t count)
{
    struct err err;
    AUTO(bus_group) struct bus_group *group = bus_group_new(f->producer);

    for (size_t i = 0; i < count; i++) {
        const struct bus_out message = {
            .topic = topic, .key = "k", .value = STR("12345678"), .weight = weight};

        assert_ok(bus_group_add(group, &message, PATIENCE_MS, &err), &err);
    }
    assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
}

static size_t take_count(struct bus_consumer *consumer, const struct bus_run_limits *limits)
{
    AUTO(bus_run) struct bus_run run;

    kafka_take(consumer, limits, &run);
    return run.count;
}

/* No run is over the limit, and once enough was fetched a run reaches it. */
static void assert_run_limit(struct bus_consumer *consumer, const struct bus_run_limits *limits,
                             size_t expected)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    size_t count;

    do {
        count = take_count(consumer, limits);
        assert_in_range(count, 1, expected);
    } while (count != expected && clock_monotonic_ms() < deadline_ms);
    assert_int_equal(count, expected);
}

static void a_run_stops_at_each_of_its_limits(void **state)
{
    struct fixture *f = *state;
    const struct bus_run_limits three = {.messages = 3, .weight = 1000, .bytes = 1000};
    const struct bus_run_limits weight_of_five = {.messages = 100, .weight = 5, .bytes = 1000};
    const struct bus_run_limits bytes_of_four = {.messages = 100, .weight = 1000, .bytes = 4 * 9};
    const struct bus_run_limits nothing = {.messages = 1, .weight = 0, .bytes = 0};

    kafka_make_topic(&f->config, "limits", 1);
    publish_weighted(f, "limits", 2, 500);
    struct bus_consumer *consumer = join(f, "limits");

    assert_run_limit(consumer, &three, 3);
    assert_run_limit(consumer, &weight_of_five, 2);
    assert_run_limit(consumer, &bytes_of_four, 4);
    assert_run_limit(consumer, &nothing, 1);
    bus_consumer_close(consumer);
}

static void a_run_never_mixes_partitions_and_loses_no_message(void **state)
{
    struct fixture *f = *state;
    enum { KEYS = 12, EACH = 50 };
    size_t next[3] = {0};
    size_t total = 0;

    kafka_make_topic(&f->config, "mix", 3);
    for (int key = 0; key < KEYS; key++) {
        char name[8];

        snprintf(name, sizeof(name), "k%d", key);
        kafka_publish_numbers(f->producer, "mix", name, EACH);
    }
    struct bus_consumer *consumer = join(f, "mix");

    while (total < (size_t)KEYS * EACH) {
        AUTO(bus_run) struct bus_run run;

        kafka_take(consumer, &any, &run);
        for (size_t i = 0; i < run.count; i++) {
            assert_int_equal(run.messages[i].partition, run.messages[0].partition);
            assert_int_equal(run.messages[i].offset, next[run.messages[0].partition]++);
        }
        total += run.count;
    }
    assert_int_equal(total, KEYS * EACH);
    bus_consumer_close(consumer);
}

/* Keys by the partition that they fall on when there are two. */
static const char *const key_of[2] = {"a", "d"};

static void publish_backlog(struct fixture *f, const char *topic, int partition, size_t count)
{
    struct err err;
    AUTO(bus_group) struct bus_group *group = bus_group_new(f->producer);

    for (size_t i = 0; i < count; i++) {
        const struct bus_out message = {
            .topic = topic, .key = key_of[partition], .value = STR("v"), .is_unordered = true};

        assert_ok(bus_group_add(group, &message, PATIENCE_MS, &err), &err);
    }
    assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
}

/* Takes a run and works it off as an importer does: Kafka has its end before the next is taken. */
static int work_run(struct bus_consumer *consumer, const struct bus_run_limits *limits)
{
    AUTO(bus_run) struct bus_run run;

    kafka_take(consumer, limits, &run);
    bus_run_commit(consumer, &run);
    return run.messages[0].partition;
}

static void a_full_partition_does_not_hold_up_another(void **state)
{
    struct fixture *f = *state;
    const struct bus_run_limits ten = {.messages = 10, .weight = 100, .bytes = 10000};
    enum { BACKLOG = 20000, RUNS = BACKLOG / 10 };
    int runs = 1;

    kafka_make_topic(&f->config, "full", 2);
    publish_backlog(f, "full", 0, BACKLOG);
    struct bus_consumer *consumer = join(f, "full");

    assert_int_equal(work_run(consumer, &ten), 0);
    publish_backlog(f, "full", 1, 1);
    while (work_run(consumer, &ten) != 1) {
        runs++;
        /* All but the time that one journey from Kafka takes. */
        assert_in_range(runs, 1, RUNS / 2);
    }
    bus_consumer_close(consumer);
}

static void partitions_that_have_messages_are_served_in_turn(void **state)
{
    struct fixture *f = *state;
    const struct bus_run_limits ten = {.messages = 10, .weight = 100, .bytes = 10000};
    bool seen[2] = {false, false};
    int last = -1;

    kafka_make_topic(&f->config, "turns", 2);
    publish_backlog(f, "turns", 0, 5000);
    publish_backlog(f, "turns", 1, 2000);
    struct bus_consumer *consumer = join(f, "turns");

    while (!seen[0] || !seen[1]) {
        last = work_run(consumer, &ten);
        seen[last] = true;
    }
    for (int i = 0; i < 40; i++) {
        int next = work_run(consumer, &ten);

        assert_int_equal(next, 1 - last);
        last = next;
    }
    bus_consumer_close(consumer);
}

static void what_was_stored_stays_done_and_what_was_not_comes_again(void **state)
{
    struct fixture *f = *state;
    const struct bus_run_limits two = {.messages = 2, .weight = 100, .bytes = 1000};

    kafka_make_topic(&f->config, "again", 1);
    kafka_publish_numbers(f->producer, "again", "k", 5);
    struct bus_consumer *consumer = join(f, "again");

    assert_next(consumer, &two, "0 1 ", true);
    assert_next(consumer, &two, "2 3 ", false);
    bus_consumer_close(consumer);
    consumer = join(f, "again");
    assert_next(consumer, &any, "2 3 4 ", true);
    bus_consumer_close(consumer);
    kafka_publish_numbers(f->producer, "again", "k", 1);
    consumer = join(f, "again");
    assert_next(consumer, &any, "0 ", false);
    bus_consumer_close(consumer);
}

static void what_was_stored_is_committed_without_closing(void **state)
{
    struct fixture *f = *state;
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    int64_t lag = -1;
    struct err err;

    kafka_make_topic(&f->config, "commit", 1);
    kafka_publish_numbers(f->producer, "commit", "k", 5);
    struct bus_consumer *consumer = join(f, "commit");

    assert_next(consumer, &any, "0 1 2 3 4 ", true);
    while (lag != 0 && clock_monotonic_ms() < deadline_ms) {
        bus_consumer_idle(consumer, 50);
        assert_ok(bus_group_lag(&f->config, "g", "commit", PATIENCE_MS, &lag, &err), &err);
    }
    assert_int_equal(lag, 0);
    bus_consumer_close(consumer);
}

static void nothing_is_lost_while_the_consumer_idles(void **state)
{
    struct fixture *f = *state;
    /* The third is looked at, too, and waits for the next run. */
    const struct bus_run_limits two = {.messages = 100, .weight = 100, .bytes = 5};

    kafka_make_topic(&f->config, "idle", 1);
    kafka_publish_numbers(f->producer, "idle", "k", 5);
    struct bus_consumer *consumer = join(f, "idle");

    assert_next(consumer, &two, "0 1 ", true);
    bus_consumer_idle(consumer, 300);
    kafka_publish_numbers(f->producer, "idle", "k", 2);
    bus_consumer_idle(consumer, 300);
    assert_int_equal(bus_consumer_partitions(consumer), 1);
    assert_next(consumer, &any, "2 3 4 0 1 ", false);
    bus_consumer_close(consumer);
}

/* Idles on one consumer and takes nothing, until the other has its share. */
static void balance(struct bus_consumer *idler, struct bus_consumer *other, size_t share)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;

    while ((bus_consumer_partitions(other) != share || bus_consumer_partitions(idler) != share) &&
           clock_monotonic_ms() < deadline_ms) {
        bus_consumer_idle(idler, 20);
        bus_consumer_idle(other, 20);
    }
    assert_int_equal(bus_consumer_partitions(idler), share);
    assert_int_equal(bus_consumer_partitions(other), share);
}

static void
a_run_whose_partition_was_taken_away_is_not_held_and_its_store_does_no_harm(void **state)
{
    struct fixture *f = *state;
    AUTO(bus_run) struct bus_run run;
    int64_t lag;
    struct err err;

    kafka_make_topic(&f->config, "taken", 2);
    kafka_publish_numbers(f->producer, "taken", "k", 5);
    struct bus_consumer *first = join(f, "taken");

    kafka_take(first, &any, &run);
    assert_true(bus_run_is_held(first, &run));
    struct bus_consumer *second = join(f, "taken");

    balance(first, second, 1);
    assert_false(bus_run_is_held(first, &run));
    bus_run_store(first, &run);
    bus_run_free(&run);
    bus_consumer_close(first);
    bus_consumer_close(second);
    assert_ok(bus_group_lag(&f->config, "g", "taken", PATIENCE_MS, &lag, &err), &err);
    assert_int_equal(lag, 5);
}

static void a_partition_that_comes_while_idle_is_read_in_full_afterwards(void **state)
{
    struct fixture *f = *state;
    bool seen[2] = {false, false};

    kafka_make_topic(&f->config, "late", 2);
    struct bus_consumer *first = join(f, "late");
    struct bus_consumer *second = join(f, "late");

    balance(first, second, 1);
    for (int key = 0; key < 8; key++) {
        char name[8];

        snprintf(name, sizeof(name), "k%d", key);
        kafka_publish_numbers(f->producer, "late", name, 10);
    }
    bus_consumer_close(second);
    kafka_await_partitions(first, 2);
    bus_consumer_idle(first, 300);
    size_t total = 0;

    while (total < 80) {
        AUTO(bus_run) struct bus_run run;

        kafka_take(first, &any, &run);
        if (!seen[run.messages[0].partition]) {
            assert_int_equal(run.messages[0].offset, 0);
            seen[run.messages[0].partition] = true;
        }
        total += run.count;
    }
    assert_int_equal(total, 80);
    bus_consumer_close(first);
}

/* The pause belongs to the share that was held while it was asked for, not to the partitions. */
static void a_share_that_is_lost_while_idle_is_read_when_it_comes_back(void **state)
{
    struct fixture *f = *state;
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;

    kafka_make_topic(&f->config, "lost", 2);
    kafka_publish_numbers(f->producer, "lost", "k", 1);
    struct bus_consumer *first = join(f, "lost");

    assert_next(first, &any, "0 ", true);
    bus_consumer_idle(first, 10);
    struct bus_consumer *second = join(f, "lost");

    while (bus_consumer_is_member(first) && clock_monotonic_ms() < deadline_ms) {
        bus_consumer_idle(first, 1);
    }
    assert_false(bus_consumer_is_member(first));
    /* Between the share that was lost and the next one. */
    struct bus_run none;
    struct err err;
    assert_ok(bus_consumer_take(first, &any, 0, &none, &err), &err);
    assert_int_equal(none.count, 0);
    bus_consumer_close(second);
    kafka_publish_numbers(f->producer, "lost", "k", 1);
    assert_next(first, &any, "0 ", true);
    bus_consumer_close(first);
}

/* What comes by the new share would be thrown away with the run, and not come again. */
static void a_share_that_changes_while_a_run_is_open_loses_nothing(void **state)
{
    struct fixture *f = *state;
    const struct bus_run_limits open = {.messages = 1000,
                                        .weight = 100000,
                                        .bytes = 8 << 20,
                                        .quiet_ms = PATIENCE_MS,
                                        .linger_ms = PATIENCE_MS};
    struct bus_run run;
    struct err err;

    kafka_make_topic(&f->config, "open", 1);
    kafka_publish_numbers(f->producer, "open", "k", 3);
    struct bus_consumer *first = join_as(f, "open", "a");

    kafka_await_partitions(first, 1);
    /* The one partition stays with "a": names are sorted. */
    struct bus_consumer *second = join_as(f, "open", "b");

    assert_ok(bus_consumer_take(first, &open, PATIENCE_MS, &run, &err), &err);
    assert_int_equal(run.count, 0);
    assert_int_equal(bus_consumer_partitions(first), 1);
    assert_next(first, &any, "0 1 2 ", true);
    bus_consumer_close(second);
    bus_consumer_close(first);
}

static void a_consumer_without_a_share_is_still_a_member(void **state)
{
    struct fixture *f = *state;
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;

    kafka_make_topic(&f->config, "spare", 1);
    struct bus_consumer *first = join(f, "spare");

    assert_false(bus_consumer_is_member(first));
    kafka_await_partitions(first, 1);
    struct bus_consumer *second = join(f, "spare");

    while (!(bus_consumer_is_member(first) && bus_consumer_is_member(second)) &&
           clock_monotonic_ms() < deadline_ms) {
        bus_consumer_idle(first, 20);
        bus_consumer_idle(second, 20);
    }
    assert_true(bus_consumer_is_member(first));
    assert_true(bus_consumer_is_member(second));
    assert_int_equal(bus_consumer_partitions(first) + bus_consumer_partitions(second), 1);
    bus_consumer_close(first);
    bus_consumer_close(second);
}

static void a_topic_created_after_the_start_is_found(void **state)
{
    struct fixture *f = *state;
    struct bus_consumer *consumer = join(f, "later");
    AUTO(bus_run) struct bus_run run;
    struct err err = {0};

    assert_false(bus_consumer_take(consumer, &any, PATIENCE_MS, &run, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    kafka_make_topic(&f->config, "later", 1);
    kafka_publish_numbers(f->producer, "later", "k", 2);
    assert_next(consumer, &any, "0 1 ", false);
    bus_consumer_close(consumer);
}

static void without_a_broker_a_consumer_says_unavailable_and_closes(void **state)
{
    struct fixture *f = *state;
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    bool ok = true;
    struct err err = {0};

    kafka_set_brokers(&f->config, "127.0.0.1:1");
    struct bus_consumer *consumer = join(f, "nowhere");

    while (ok && clock_monotonic_ms() < deadline_ms) {
        AUTO(bus_run) struct bus_run run;

        ok = bus_consumer_take(consumer, &any, 100, &run, &err);
    }
    assert_false(ok);
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    int64_t started_ms = clock_monotonic_ms();

    bus_consumer_close(consumer);
    assert_in_range(clock_monotonic_ms() - started_ms, 0, 15000);
}

static void an_empty_topic_gives_an_empty_run_in_time(void **state)
{
    struct fixture *f = *state;
    AUTO(bus_run) struct bus_run run;
    struct err err;

    kafka_make_topic(&f->config, "empty", 1);
    struct bus_consumer *consumer = join(f, "empty");

    kafka_await_partitions(consumer, 1);
    int64_t started_ms = clock_monotonic_ms();

    assert_ok(bus_consumer_take(consumer, &any, 200, &run, &err), &err);
    assert_int_equal(run.count, 0);
    assert_in_range(clock_monotonic_ms() - started_ms, 0, 2000);
    bus_consumer_close(consumer);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_run_stops_at_each_of_its_limits),
        CLAIM(a_run_never_mixes_partitions_and_loses_no_message),
        CLAIM(a_full_partition_does_not_hold_up_another),
        CLAIM(partitions_that_have_messages_are_served_in_turn),
        CLAIM(what_was_stored_stays_done_and_what_was_not_comes_again),
        CLAIM(what_was_stored_is_committed_without_closing),
        CLAIM(nothing_is_lost_while_the_consumer_idles),
        CLAIM(a_run_whose_partition_was_taken_away_is_not_held_and_its_store_does_no_harm),
        CLAIM(a_partition_that_comes_while_idle_is_read_in_full_afterwards),
        CLAIM(a_share_that_is_lost_while_idle_is_read_when_it_comes_back),
        CLAIM(a_share_that_changes_while_a_run_is_open_loses_nothing),
        CLAIM(a_consumer_without_a_share_is_still_a_member),
        CLAIM(a_topic_created_after_the_start_is_found),
        CLAIM(without_a_broker_a_consumer_says_unavailable_and_closes),
        CLAIM(an_empty_topic_gives_an_empty_run_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
