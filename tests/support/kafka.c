#include "support/kafka.h"

#include "base/clock.h"
#include "support/test.h"

#include <stdio.h>

enum { PATIENCE_MS = 30000, KEPT_MS = 600000, MESSAGE_BYTES = 1048588 };

void kafka_config(struct config *config)
{
    struct err err;
    char prefix[32];

    assert_ok(config_load(config, &err), &err);
    snprintf(prefix, sizeof(prefix), "%s.", test_unique());
    mem_free(config->topic_prefix);
    config->topic_prefix = mem_strdup(prefix);
    kafka_set_brokers(config, test_env("KAFKA_BROKERS", "127.0.0.1:19092"));
}

void kafka_set_brokers(struct config *config, const char *brokers)
{
    mem_free(config->kafka_brokers);
    config->kafka_brokers = mem_strdup(brokers);
}

void kafka_make_topic(const struct config *config, const char *topic, int partitions)
{
    const struct bus_topic_spec spec = {topic, partitions, 1, KEPT_MS, MESSAGE_BYTES};
    struct err err;

    assert_ok(bus_create_topics(config, &spec, 1, &err), &err);
}

void kafka_publish_numbers(struct bus_producer *producer, const char *topic, const char *key,
                           size_t count)
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(producer);
    struct err err;

    for (size_t i = 0; i < count; i++) {
        char value[24];

        snprintf(value, sizeof(value), "%zu", i);
        const struct bus_out message = {.topic = topic, .key = key, .value = str_from(value)};

        assert_ok(bus_group_add(group, &message, PATIENCE_MS, &err), &err);
    }
    assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
}

char *kafka_values(const struct bus_run *run)
{
    struct buf text = {0};

    buf_adds(&text, "");
    for (size_t i = 0; i < run->count; i++) {
        buf_add(&text, run->messages[i].value.p, run->messages[i].value.n);
        buf_addc(&text, ' ');
    }
    return text.data;
}

void kafka_take(struct bus_consumer *consumer, const struct bus_run_limits *limits,
                struct bus_run *run)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    struct err err;

    do {
        assert_ok(bus_consumer_take(consumer, limits, 100, run, &err), &err);
    } while (run->count == 0 && clock_monotonic_ms() < deadline_ms);
    assert_true(run->count > 0);
}

void kafka_await_partitions(struct bus_consumer *consumer, size_t count)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (bus_consumer_partitions(consumer) != count && clock_monotonic_ms() < deadline_ms) {
        bus_consumer_idle(consumer, 20);
    }
    assert_int_equal(bus_consumer_partitions(consumer), count);
}
