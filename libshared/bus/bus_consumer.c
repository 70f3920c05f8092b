#include "bus/bus_consumer.h"

#include "base/clock.h"
#include "config/config.h"

/* ---- messages that wait for their run ---- */

static void hold(struct bus_consumer *consumer, rd_kafka_message_t *message)
{
    if (consumer->held_count == consumer->held_capacity) {
        consumer->held_capacity = consumer->held_capacity ? consumer->held_capacity * 2 : 16;
        consumer->held =
            mem_realloc(consumer->held, consumer->held_capacity * sizeof(rd_kafka_message_t *));
    }
    consumer->held[consumer->held_count++] = message;
}

static void drop_held(struct bus_consumer *consumer)
{
    for (size_t i = 0; i < consumer->held_count; i++) {
        rd_kafka_message_destroy(consumer->held[i]);
    }
    consumer->held_count = 0;
}

/* Polls once; a message is held, an error is remembered. */
static void poll_once(struct bus_consumer *consumer, int wait_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->kafka, wait_ms);

    if (!message) {
        return;
    }
    if (!message->err) {
        hold(consumer, message);
        return;
    }
    err_set(&consumer->trouble, ERR_UNAVAILABLE, "Kafka consumer: %s",
            rd_kafka_message_errstr(message));
    consumer->trouble.code = message->err;
    rd_kafka_message_destroy(message);
}

const rd_kafka_message_t *bus_consumer_peek(struct bus_consumer *consumer, int wait_ms)
{
    if (consumer->held_count == 0) {
        poll_once(consumer, wait_ms);
    }
    return consumer->held_count > 0 ? consumer->held[0] : NULL;
}

rd_kafka_message_t *bus_consumer_pop(struct bus_consumer *consumer)
{
    rd_kafka_message_t *message = consumer->held[0];

    consumer->held_count--;
    memmove(consumer->held, consumer->held + 1, consumer->held_count * sizeof(message));
    return message;
}

/* ---- membership ---- */

/* What is held comes again from the committed offset, here or at the new owner. */
static void forget_assignment(struct bus_consumer *consumer)
{
    consumer->epoch++;
    drop_held(consumer);
    if (consumer->assignment) {
        rd_kafka_topic_partition_list_destroy(consumer->assignment);
        consumer->assignment = NULL;
    }
}

/* librdkafka keeps a partition paused for as long as it knows it, also when it is assigned anew: a
 * pause that ends while there is no assignment would never end for these. */
static void unpause_assignment(struct bus_consumer *consumer)
{
    if (consumer->is_paused && consumer->assignment) {
        rd_kafka_resume_partitions(consumer->kafka, consumer->assignment);
    }
}

static void on_rebalance(rd_kafka_t *kafka, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct bus_consumer *consumer = opaque;

    unpause_assignment(consumer);
    forget_assignment(consumer);
    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        rd_kafka_assign(kafka, NULL);
        return;
    }
    rd_kafka_assign(kafka, partitions);
    consumer->assignment = rd_kafka_topic_partition_list_copy(partitions);
    if (consumer->is_paused) {
        rd_kafka_pause_partitions(kafka, consumer->assignment);
    }
}

static void on_error(rd_kafka_t *kafka, int code, const char *why, void *opaque)
{
    struct bus_consumer *consumer = opaque;

    (void)kafka;
    /* One lost connection is repaired by librdkafka and is nobody's business. */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        err_set(&consumer->trouble, ERR_UNAVAILABLE, "Kafka consumer: %s", why);
        consumer->trouble.code = code;
    }
}

void bus_consumer_resume(struct bus_consumer *consumer)
{
    if (!consumer->is_paused) {
        return;
    }
    consumer->is_paused = false;
    if (consumer->assignment) {
        rd_kafka_resume_partitions(consumer->kafka, consumer->assignment);
    }
}

void bus_consumer_idle(struct bus_consumer *consumer, int wait_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + wait_ms;

    /* Pausing again would throw away the prefetched messages again, so it is done once. */
    if (!consumer->is_paused) {
        consumer->is_paused = true;
        if (consumer->assignment) {
            rd_kafka_pause_partitions(consumer->kafka, consumer->assignment);
        }
    }
    for (int64_t left_ms = wait_ms; left_ms > 0; left_ms = deadline_ms - clock_monotonic_ms()) {
        poll_once(consumer, (int)left_ms);
    }
}

size_t bus_consumer_partitions(const struct bus_consumer *consumer)
{
    return consumer->assignment ? (size_t)consumer->assignment->cnt : 0;
}

bool bus_consumer_is_member(const struct bus_consumer *consumer)
{
    return consumer->assignment != NULL;
}

/* ---- life ---- */

static bool connect_client(struct bus_consumer *consumer, const struct config *config,
                           const char *group, struct err *err)
{
    AUTO(rd_kafka_conf) rd_kafka_conf_t *conf = NULL;
    AUTO(char) char *group_id = bus_prefixed(config, group);

    if (!bus_conf_new(config, BUS_ROLE_CONSUMER, &conf, err) ||
        !bus_conf_set(conf, "group.id", group_id, err)) {
        return false;
    }
    if (*config->instance && !bus_conf_set(conf, "group.instance.id", config->instance, err)) {
        return false;
    }
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (!bus_client_new(RD_KAFKA_CONSUMER, &conf, &consumer->kafka, err)) {
        return false;
    }
    rd_kafka_poll_set_consumer(consumer->kafka);
    return true;
}

static bool subscribe(struct bus_consumer *consumer, const struct config *config,
                      const char *const *topics, size_t count, struct err *err)
{
    AUTO(rd_kafka_list)
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

    for (size_t i = 0; i < count; i++) {
        AUTO(char) char *topic = bus_prefixed(config, topics[i]);

        rd_kafka_topic_partition_list_add(list, topic, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->kafka, list);

    return code ? bus_fail(err, code, "subscribing") : true;
}

bool bus_consumer_open(const struct config *config, const char *group, const char *const *topics,
                       size_t topic_count, struct bus_consumer **out, struct err *err)
{
    struct bus_consumer *consumer = mem_calloc(1, sizeof(*consumer));

    consumer->prefix_size = strlen(config->topic_prefix);
    if (!connect_client(consumer, config, group, err) ||
        !subscribe(consumer, config, topics, topic_count, err)) {
        bus_consumer_close(consumer);
        return false;
    }
    *out = consumer;
    return true;
}

void bus_consumer_close(struct bus_consumer *consumer)
{
    if (!consumer) {
        return;
    }
    drop_held(consumer);
    if (consumer->kafka) {
        /* Commits what was stored and leaves the group; librdkafka bounds it by the session
         * time-out. */
        rd_kafka_consumer_close(consumer->kafka);
        rd_kafka_destroy(consumer->kafka);
    }
    forget_assignment(consumer);
    mem_free(consumer->held);
    mem_free(consumer);
}
