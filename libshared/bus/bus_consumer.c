#include "bus/bus_consumer.h"

#include "base/clock.h"
#include "config/config.h"
#include "log/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    LEAVE_MS = 3000, /* leaving takes a few milliseconds of a broker that works */
    LEAVE_STEP_MS = 100,
};

/* ---- messages and errors ---- */

static void remember_trouble(struct bus_consumer *consumer, rd_kafka_message_t *take_message)
{
    err_set(&consumer->trouble, ERR_UNAVAILABLE, "Kafka consumer: %s",
            rd_kafka_message_errstr(take_message));
    consumer->trouble.code = take_message->err;
    rd_kafka_message_destroy(take_message);
}

/* Serves the group until there is nothing more to serve; waits at most `wait_ms` for something. */
static void serve_group(struct bus_consumer *consumer, int wait_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->kafka, wait_ms);

    while (message) {
        /* Messages have queues of their own. One that came here would be passed over for good as
         * soon as a later one is stored. */
        if (!message->err) {
            abort();
        }
        remember_trouble(consumer, message);
        message = rd_kafka_consumer_poll(consumer->kafka, 0);
    }
}

static bool has_next(struct bus_consumer *consumer, struct bus_partition *partition)
{
    rd_kafka_message_t *message;

    while (!partition->next && (message = rd_kafka_consume_queue(partition->queue, 0))) {
        if (message->err) {
            remember_trouble(consumer, message);
        } else {
            partition->next = message;
        }
    }
    return partition->next != NULL;
}

static struct bus_partition *find_next(struct bus_consumer *consumer, size_t first)
{
    size_t count = bus_consumer_partitions(consumer);

    for (size_t i = 0; i < count; i++) {
        struct bus_partition *partition = &consumer->partitions[(first + i) % count];

        if (has_next(consumer, partition)) {
            return partition;
        }
    }
    return NULL;
}

static void await_wake(const struct bus_consumer *consumer, int wait_ms)
{
    struct pollfd waiting = {.fd = consumer->wake_fd, .events = POLLIN};
    eventfd_t count;

    if (poll(&waiting, 1, wait_ms) > 0) {
        (void)eventfd_read(consumer->wake_fd, &count);
    }
}

/* librdkafka wakes once for a queue that was found empty. So the queues are looked through after
 * the wake was read, never between it and the wait. */
struct bus_partition *bus_consumer_peek(struct bus_consumer *consumer, size_t first, int wait_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + wait_ms;

    for (;;) {
        serve_group(consumer, 0);
        struct bus_partition *partition = find_next(consumer, first);
        int64_t left_ms = deadline_ms - clock_monotonic_ms();

        if (partition || consumer->trouble.kind || left_ms <= 0) {
            return partition;
        }
        await_wake(consumer, (int)left_ms);
    }
}

/* ---- membership ---- */

/* What is held comes again from the committed offset, here or at the new owner. */
static void forget_assignment(struct bus_consumer *consumer)
{
    consumer->epoch++;
    if (consumer->assignment) {
        bus_partitions_close(consumer->partitions, bus_consumer_partitions(consumer));
        consumer->partitions = NULL;
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
    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        rd_kafka_assign(kafka, NULL);
        forget_assignment(consumer);
        return;
    }
    forget_assignment(consumer);
    consumer->partitions = bus_partitions_open(kafka, partitions, consumer->wake_fd);
    consumer->assignment = rd_kafka_topic_partition_list_copy(partitions);
    rd_kafka_assign(kafka, partitions);
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
        serve_group(consumer, (int)left_ms);
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
    consumer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (consumer->wake_fd < 0) {
        return err_set(err, ERR_INTERNAL, "Kafka consumer: %s", strerror(errno));
    }
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (!bus_client_new(RD_KAFKA_CONSUMER, &conf, &consumer->kafka, err)) {
        return false;
    }
    rd_kafka_poll_set_consumer(consumer->kafka);
    consumer->events = rd_kafka_queue_get_consumer(consumer->kafka);
    bus_queue_watch(consumer->events, consumer->wake_fd);
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
    consumer->wake_fd = -1;
    if (!connect_client(consumer, config, group, err) ||
        !subscribe(consumer, config, topics, topic_count, err)) {
        bus_consumer_close(consumer);
        return false;
    }
    *out = consumer;
    return true;
}

/* Commits what was stored and leaves the group. False when no broker answers:
 * rd_kafka_consumer_close would wait for one without end. */
static bool leave_group(struct bus_consumer *consumer)
{
    int64_t deadline_ms = clock_monotonic_ms() + LEAVE_MS;
    AUTO(rd_kafka_queue) rd_kafka_queue_t *events = rd_kafka_queue_new(consumer->kafka);

    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(consumer->kafka, events);

    if (error) { /* after a fatal error, with which the group is lost already */
        rd_kafka_error_destroy(error);
        return true;
    }
    while (!rd_kafka_consumer_closed(consumer->kafka)) {
        if (clock_monotonic_ms() >= deadline_ms) {
            return false;
        }
        rd_kafka_queue_poll_callback(events, LEAVE_STEP_MS);
    }
    return true;
}

static void disconnect_client(struct bus_consumer *consumer)
{
    bool has_left = leave_group(consumer);

    forget_assignment(consumer);
    bus_queue_watch(consumer->events, -1);
    rd_kafka_queue_destroy(consumer->events);
    if (has_left) {
        rd_kafka_destroy(consumer->kafka);
    } else { /* to destroy the client would wait for the broker as well */
        log_warn("Kafka does not answer: the group is left without a word");
    }
}

void bus_consumer_close(struct bus_consumer *consumer)
{
    if (!consumer) {
        return;
    }
    if (consumer->kafka) {
        disconnect_client(consumer);
    }
    if (consumer->wake_fd >= 0) {
        close(consumer->wake_fd);
    }
    mem_free(consumer);
}
