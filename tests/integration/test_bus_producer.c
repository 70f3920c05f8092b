#include "support/kafka.h"
#include "support/test.h"

#include "base/clock.h"
#include "base/id.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { PATIENCE_MS = 30000, NOBODY_MS = 1500 };

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

static struct bus_consumer *open_consumer(const struct fixture *f, const char *group,
                                          const char *topic)
{
    struct bus_consumer *consumer;
    struct err err;

    assert_ok(bus_consumer_open(&f->config, group, &topic, 1, &consumer, &err), &err);
    return consumer;
}

static void a_message_arrives_with_key_headers_weight_and_bytes(void **state)
{
    struct fixture *f = *state;
    static const char bytes[] = {0, 1, (char)255, 0, 'x'};
    const struct bus_out message = {
        .topic = "whole",
        .key = "acme|0",
        .value = {bytes, sizeof(bytes)},
        .headers = {{"job-id", "prod_1"}, {"tenant", "acme"}, {"trace-id", ""}},
        .weight = 250,
    };
    struct bus_run run;
    struct err err;

    kafka_make_topic(&f->config, "whole", 1);
    assert_ok(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err), &err);
    struct bus_consumer *consumer = open_consumer(f, "g", "whole");

    kafka_take(consumer, &any, &run);
    assert_int_equal(run.count, 1);
    const struct bus_message *got = &run.messages[0];

    assert_string_equal(got->topic, "whole");
    assert_int_equal(got->partition, 0);
    assert_int_equal(got->offset, 0);
    assert_true(str_is(got->key, "acme|0"));
    assert_true(str_eq(got->value, message.value));
    assert_int_equal(got->weight, 250);
    assert_string_equal(got->headers[0].key, "job-id");
    assert_string_equal(got->headers[0].value, "prod_1");
    assert_string_equal(got->headers[2].value, "");
    assert_null(got->headers[3].key);
    bus_run_free(&run);
    bus_consumer_close(consumer);
}

static void messages_of_one_key_arrive_in_the_order_they_were_sent(void **state)
{
    struct fixture *f = *state;
    struct bus_run run;
    size_t next = 0;

    kafka_make_topic(&f->config, "order", 3);
    kafka_publish_numbers(f->producer, "order", "acme|0", 500);
    struct bus_consumer *consumer = open_consumer(f, "g", "order");

    while (next < 500) {
        kafka_take(consumer, &any, &run);
        for (size_t i = 0; i < run.count; i++) {
            char expected[24];

            snprintf(expected, sizeof(expected), "%zu", next++);
            assert_true(str_is(run.messages[i].value, expected));
        }
        bus_run_free(&run);
    }
    bus_consumer_close(consumer);
}

static void a_message_of_900_kilobytes_is_taken_and_one_over_the_limit_is_refused(void **state)
{
    struct fixture *f = *state;
    AUTO(char) char *bytes = mem_calloc(1, 2 << 20);
    struct bus_out message = {.topic = "large", .key = "k", .value = {bytes, 943718}};
    struct err err = {0};

    kafka_make_topic(&f->config, "large", 1);
    assert_ok(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err), &err);
    message.value.n = 2 << 20;
    assert_false(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void a_group_of_more_bytes_than_the_local_queue_waits_for_room(void **state)
{
    struct fixture *f = *state;
    enum { MESSAGES = 100, SIZE = 900000 }; /* 90 MB through a queue of 64 MB */
    AUTO(char) char *bytes = mem_alloc(SIZE);
    AUTO(bus_group) struct bus_group *group = bus_group_new(f->producer);
    struct err err;

    id_random(bytes, SIZE);
    kafka_make_topic(&f->config, "room", 1);
    for (int i = 0; i < MESSAGES; i++) {
        const struct bus_out message = {.topic = "room", .key = "k", .value = {bytes, SIZE}};

        assert_ok(bus_group_add(group, &message, PATIENCE_MS, &err), &err);
    }
    assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
    int64_t stored;

    assert_ok(bus_group_lag(&f->config, "nobody", "room", PATIENCE_MS, &stored, &err), &err);
    assert_int_equal(stored, MESSAGES);
}

static void a_topic_that_does_not_exist_is_unavailable_and_harms_nothing(void **state)
{
    struct fixture *f = *state;
    const struct bus_out message = {
        .topic = "missing", .key = "k", .value = STR("v"), .headers = {{"tenant", "acme"}}};
    struct err err = {0};

    assert_false(bus_publish(f->producer, &message, 1, NOBODY_MS, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    kafka_make_topic(&f->config, "present", 1);
    kafka_publish_numbers(f->producer, "present", "k", 1);
}

static void the_producer_is_up_once_a_broker_answered(void **state)
{
    struct fixture *f = *state;

    assert_true(bus_producer_await_up(f->producer, PATIENCE_MS));
}

static void without_a_broker_the_producer_is_down_and_a_group_fails_in_time(void **state)
{
    struct fixture *f = *state;
    struct bus_producer *producer;
    const struct bus_out message = {.topic = "t", .key = "k", .value = STR("v")};
    struct err err = {0};

    kafka_set_brokers(&f->config, "127.0.0.1:1");
    assert_ok(bus_producer_open(&f->config, &producer, &err), &err);
    int64_t started_ms = clock_monotonic_ms();

    assert_false(bus_publish(producer, &message, 1, NOBODY_MS, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_in_range(clock_monotonic_ms() - started_ms, NOBODY_MS - 1, NOBODY_MS + 1000);
    assert_false(bus_producer_is_up(producer));
    /* The message is still under way: closing must throw it out and end. */
    bus_producer_close(producer, 0);
}

enum { THREADS = 4, PER_THREAD = 200 };

static void *publish_some(void *arg)
{
    struct fixture *f = arg;

    for (int i = 0; i < PER_THREAD; i++) {
        kafka_publish_numbers(f->producer, "threads", "k", 2);
    }
    return NULL;
}

static void several_threads_publish_through_one_producer(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[THREADS];
    int64_t stored;
    struct err err;

    kafka_make_topic(&f->config, "threads", 1);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, publish_some, f), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_ok(bus_group_lag(&f->config, "nobody", "threads", PATIENCE_MS, &stored, &err), &err);
    assert_int_equal(stored, THREADS * PER_THREAD * 2);
}

static void a_single_message_is_acknowledged_fast(void **state)
{
    struct fixture *f = *state;
    int64_t best_ms = INT64_MAX;

    kafka_make_topic(&f->config, "fast", 1);
    for (int i = 0; i < 20; i++) {
        int64_t started_ms = clock_monotonic_ms();

        kafka_publish_numbers(f->producer, "fast", "k", 1);
        int64_t took_ms = clock_monotonic_ms() - started_ms;

        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    assert_in_range(best_ms, 0, 50);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_message_arrives_with_key_headers_weight_and_bytes),
        CLAIM(messages_of_one_key_arrive_in_the_order_they_were_sent),
        CLAIM(a_message_of_900_kilobytes_is_taken_and_one_over_the_limit_is_refused),
        CLAIM(a_group_of_more_bytes_than_the_local_queue_waits_for_room),
        CLAIM(a_topic_that_does_not_exist_is_unavailable_and_harms_nothing),
        CLAIM(the_producer_is_up_once_a_broker_answered),
        CLAIM(without_a_broker_the_producer_is_down_and_a_group_fails_in_time),
        CLAIM(several_threads_publish_through_one_producer),
        CLAIM(a_single_message_is_acknowledged_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
