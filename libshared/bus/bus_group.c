#include "bus/bus_producer.h"

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

enum { ROOM_MS = 10 }; /* how soon a full queue is tried again */

/* Waits on the producer's condition, whose lock is held; false once the deadline has passed. */
static bool wait_until(struct bus_producer *producer, int64_t deadline_ms)
{
    struct timespec deadline = {deadline_ms / 1000, deadline_ms % 1000 * 1000000};

    return pthread_cond_clockwait(&producer->changed, &producer->lock, CLOCK_MONOTONIC,
                                  &deadline) == 0;
}

/* The lock is held. */
static void drop_ref(struct bus_group *group)
{
    if (--group->refs == 0) {
        mem_free(group);
    }
}

struct bus_group *bus_group_new(struct bus_producer *producer)
{
    struct bus_group *group = mem_calloc(1, sizeof(*group));

    group->producer = producer;
    group->refs = 1;
    return group;
}

void bus_group_free(struct bus_group *group)
{
    if (!group) {
        return;
    }
    struct bus_producer *producer = group->producer;

    pthread_mutex_lock(&producer->lock);
    drop_ref(group);
    pthread_mutex_unlock(&producer->lock);
}

void bus_group_report(struct bus_group *group, rd_kafka_resp_err_t code)
{
    struct bus_producer *producer = group->producer;

    pthread_mutex_lock(&producer->lock);
    group->pending--;
    if (code && !group->failure) {
        group->failure = code;
    }
    if (group->pending == 0 || group->failure) {
        pthread_cond_broadcast(&producer->changed);
    }
    drop_ref(group);
    pthread_mutex_unlock(&producer->lock);
}

/* The lock is held. */
static rd_kafka_topic_t *find_topic(struct bus_producer *producer, const char *name)
{
    for (struct bus_topic *topic = producer->topics; topic; topic = topic->next) {
        if (strcmp(topic->name, name) == 0) {
            return topic->handle;
        }
    }
    return NULL;
}

/* The lock is held. */
static rd_kafka_topic_t *open_topic(struct bus_producer *producer, const char *name,
                                    struct err *err)
{
    rd_kafka_topic_t *known = find_topic(producer, name);

    if (known) {
        return known;
    }
    char full[512];

    snprintf(full, sizeof(full), "%s%s", producer->prefix, name);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->kafka, full, NULL);

    if (!handle) {
        bus_fail(err, rd_kafka_last_error(), "topic %s", full);
        return NULL;
    }
    size_t size = strlen(name) + 1;
    struct bus_topic *topic = mem_alloc(sizeof(*topic) + size);

    topic->handle = handle;
    topic->next = producer->topics;
    memcpy(topic->name, name, size);
    producer->topics = topic;
    return handle;
}

static rd_kafka_headers_t *make_headers(const struct bus_out *message)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(BUS_MAX_HEADERS + 1);
    char weight[12];

    for (size_t i = 0; i < BUS_MAX_HEADERS && message->headers[i].key; i++) {
        rd_kafka_header_add(headers, message->headers[i].key, -1, message->headers[i].value, -1);
    }
    snprintf(weight, sizeof(weight), "%u", message->weight ? message->weight : 1);
    rd_kafka_header_add(headers, BUS_WEIGHT_HEADER, -1, weight, -1);
    return headers;
}

static rd_kafka_resp_err_t produce(struct bus_group *group, rd_kafka_topic_t *topic,
                                   const struct bus_out *message)
{
    rd_kafka_headers_t *headers = make_headers(message);
    size_t key_size = message->key ? strlen(message->key) : 0;
    rd_kafka_resp_err_t code = rd_kafka_producev(
        group->producer->kafka, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_KEY(message->key, key_size),
        RD_KAFKA_V_VALUE((void *)message->value.p, message->value.n),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE(group), RD_KAFKA_V_END);

    if (code) {
        rd_kafka_headers_destroy(headers);
    }
    return code;
}

/* Each delivery report makes room. */
static rd_kafka_resp_err_t produce_when_room(struct bus_group *group, rd_kafka_topic_t *topic,
                                             const struct bus_out *message, int64_t deadline_ms)
{
    struct bus_producer *producer = group->producer;

    for (;;) {
        rd_kafka_resp_err_t code = produce(group, topic, message);
        int64_t now_ms = clock_monotonic_ms();

        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || now_ms >= deadline_ms) {
            return code;
        }
        pthread_mutex_lock(&producer->lock);
        (void)wait_until(producer, now_ms + ROOM_MS < deadline_ms ? now_ms + ROOM_MS : deadline_ms);
        pthread_mutex_unlock(&producer->lock);
    }
}

bool bus_group_add(struct bus_group *group, const struct bus_out *message, int64_t timeout_ms,
                   struct err *err)
{
    struct bus_producer *producer = group->producer;
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

    pthread_mutex_lock(&producer->lock);
    rd_kafka_topic_t *topic = open_topic(producer, message->topic, err);

    if (topic) {
        /* Counted first: the report may come before rd_kafka_producev returns. */
        group->refs++;
        group->pending++;
    }
    pthread_mutex_unlock(&producer->lock);
    if (!topic) {
        return false;
    }
    rd_kafka_resp_err_t code = produce_when_room(group, topic, message, deadline_ms);

    if (code) {
        pthread_mutex_lock(&producer->lock);
        group->refs--;
        group->pending--;
        pthread_mutex_unlock(&producer->lock);
        return bus_fail(err, code, "publishing to %s", message->topic);
    }
    return true;
}

bool bus_group_wait(struct bus_group *group, int64_t timeout_ms, struct err *err)
{
    struct bus_producer *producer = group->producer;
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    bool ok = true;

    pthread_mutex_lock(&producer->lock);
    while (group->pending > 0 && !group->failure && wait_until(producer, deadline_ms)) {
    }
    if (group->failure) {
        ok = bus_fail(err, group->failure, "publishing");
    } else if (group->pending > 0) {
        ok = err_set(err, ERR_UNAVAILABLE, "Kafka did not acknowledge %zu messages within %lld ms",
                     group->pending, (long long)timeout_ms);
    }
    pthread_mutex_unlock(&producer->lock);
    return ok;
}

bool bus_publish(struct bus_producer *producer, const struct bus_out *messages, size_t count,
                 int64_t timeout_ms, struct err *err)
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(producer);
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

    for (size_t i = 0; i < count; i++) {
        if (!bus_group_add(group, &messages[i], deadline_ms - clock_monotonic_ms(), err)) {
            return false;
        }
    }
    return bus_group_wait(group, deadline_ms - clock_monotonic_ms(), err);
}
