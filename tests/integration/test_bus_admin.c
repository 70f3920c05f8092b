#include "support/kafka.h"
#include "support/test.h"

#include "base/clock.h"

enum { PATIENCE_MS = 30000, NOBODY_MS = 1000 };

static const struct bus_run_limits two = {.messages = 2, .weight = 100, .bytes = 1000};

static int set_up(void **state)
{
    struct config *config = mem_calloc(1, sizeof(*config));

    kafka_config(config);
    *state = config;
    return 0;
}

static int tear_down(void **state)
{
    config_done(*state);
    mem_free(*state);
    return 0;
}

static void publish(const struct config *config, const char *topic, size_t count)
{
    struct bus_producer *producer;
    struct err err;

    assert_ok(bus_producer_open(config, &producer, &err), &err);
    kafka_publish_numbers(producer, topic, "a", count);
    bus_producer_close(producer, 1000);
}

static int64_t lag_of(const struct config *config, const char *group, const char *topic)
{
    int64_t lag;
    struct err err;

    assert_ok(bus_group_lag(config, group, topic, PATIENCE_MS, &lag, &err), &err);
    return lag;
}

static void creating_topics_twice_is_success(void **state)
{
    const struct config *config = *state;
    const struct bus_topic_spec specs[] = {
        {"one", 2, 1, 600000, 1048588},
        {"two", 3, 1, 600000, 1048588},
    };
    struct err err;

    assert_ok(bus_create_topics(config, specs, 1, &err), &err);
    assert_ok(bus_create_topics(config, specs, 2, &err), &err);
    assert_ok(bus_create_topics(config, specs, 2, &err), &err);
    assert_int_equal(lag_of(config, "g", "one"), 0);
    assert_int_equal(lag_of(config, "g", "two"), 0);
}

static void an_existing_topic_keeps_its_partitions(void **state)
{
    const struct config *config = *state;
    struct bus_topic_spec spec = {"kept", 1, 1, 600000, 1048588};
    const char *topic = "kept";
    struct bus_consumer *consumer;
    struct err err;

    assert_ok(bus_create_topics(config, &spec, 1, &err), &err);
    spec.partitions = 4;
    assert_ok(bus_create_topics(config, &spec, 1, &err), &err);
    assert_ok(bus_consumer_open(config, "g", &topic, 1, &consumer, &err), &err);
    kafka_await_partitions(consumer, 1);
    bus_consumer_close(consumer);
}

static void a_topic_name_that_kafka_forbids_is_an_error_that_names_it(void **state)
{
    const struct config *config = *state;
    const struct bus_topic_spec spec = {"not a topic", 1, 1, 600000, 1048588};
    struct err err = {0};

    assert_false(bus_create_topics(config, &spec, 1, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
    assert_non_null(strstr(err.msg, "not a topic"));
}

static void lag_is_what_a_group_has_not_stored_yet(void **state)
{
    const struct config *config = *state;
    const char *topic = "lag";
    struct bus_consumer *consumer;
    struct bus_run run;
    struct err err;

    kafka_make_topic(config, topic, 3);
    assert_int_equal(lag_of(config, "g", topic), 0);
    publish(config, topic, 10);
    assert_int_equal(lag_of(config, "g", topic), 10);
    assert_ok(bus_consumer_open(config, "g", &topic, 1, &consumer, &err), &err);
    kafka_take(consumer, &two, &run);
    size_t taken = run.count;

    bus_run_store(consumer, &run);
    bus_run_free(&run);
    bus_consumer_close(consumer);
    assert_int_equal(lag_of(config, "g", topic), 10 - taken);
    assert_int_equal(lag_of(config, "other", topic), 10);
}

static void without_a_broker_lag_and_creation_fail_in_time(void **state)
{
    struct config *config = *state;
    int64_t lag = 0;
    struct err err = {0};
    int64_t started_ms = clock_monotonic_ms();

    kafka_set_brokers(config, "127.0.0.1:1");
    assert_false(bus_group_lag(config, "g", "t", NOBODY_MS, &lag, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_in_range(clock_monotonic_ms() - started_ms, 0, NOBODY_MS + 2000);
    const struct bus_topic_spec spec = {"t", 1, 1, 600000, 1048588};

    assert_false(bus_create_topics(config, &spec, 1, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void the_lag_of_a_topic_that_does_not_exist_is_an_error(void **state)
{
    int64_t lag = 0;
    struct err err = {0};

    assert_false(bus_group_lag(*state, "g", "missing", PATIENCE_MS, &lag, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(creating_topics_twice_is_success),
        CLAIM(an_existing_topic_keeps_its_partitions),
        CLAIM(a_topic_name_that_kafka_forbids_is_an_error_that_names_it),
        CLAIM(lag_is_what_a_group_has_not_stored_yet),
        CLAIM(without_a_broker_lag_and_creation_fail_in_time),
        CLAIM(the_lag_of_a_topic_that_does_not_exist_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
