#include "bus/bus_producer.h"

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

/*
 * librdkafka does not keep the order of messages over a retry, not even with one request in flight:
 * the next request is built, and waits to be sent, while the first is under way; when the first
 * fails, it goes behind the second. So order is kept here: of the messages with one topic and key,
 * the next is handed over when the one before is acknowledged. When one fails, nothing behind it is
 * sent: what Kafka has is always the beginning.
 */

enum { HELD_BYTES_MAX = 64 << 20 };

struct bus_outgoing {
    struct bus_outgoing *next;
    struct bus_group *group;
    struct sequence *sequence;
    rd_kafka_headers_t *headers; /* librdkafka's once handed over */
    bool is_unordered;
    size_t size;
    char value[];
};

/* The messages of one topic and key, in order; those that are unordered only pass through. */
struct sequence {
    struct sequence *next;
    rd_kafka_topic_t *topic;
    bool is_busy;                /* an ordered one is handed over and not reported */
    struct bus_outgoing *first;  /* of those that wait */
    struct bus_outgoing **after; /* where the next one is linked in */
    bool has_key;
    char key[];
};

struct bus_group {
    struct bus_producer *producer;
    struct sequence *sequences;
    size_t pending;              /* added and not reported */
    size_t handed_over;          /* of these, librdkafka's */
    bool is_abandoned;           /* by the caller */
    rd_kafka_resp_err_t failure; /* of the first message that was not stored */
};

/* Waits on the producer's condition, whose lock is held; false once the deadline has passed. */
static bool wait_until(struct bus_producer *producer, int64_t deadline_ms)
{
    struct timespec deadline = {deadline_ms / 1000, deadline_ms % 1000 * 1000000};

    return pthread_cond_clockwait(&producer->changed, &producer->lock, CLOCK_MONOTONIC,
                                  &deadline) == 0;
}

/* ---- all that follows up to the public calls holds the lock ---- */

static void free_outgoing(struct bus_outgoing *outgoing)
{
    struct bus_group *group = outgoing->group;

    group->pending--;
    group->producer->held_bytes -= outgoing->size;
    if (outgoing->headers) {
        rd_kafka_headers_destroy(outgoing->headers);
    }
    mem_free(outgoing);
    if (group->pending == 0 || group->producer->waiting_for_room > 0) {
        pthread_cond_broadcast(&group->producer->changed);
    }
}

static struct bus_outgoing *pop_first(struct sequence *sequence)
{
    struct bus_outgoing *outgoing = sequence->first;

    if (outgoing) {
        sequence->first = outgoing->next;
        if (!sequence->first) {
            sequence->after = &sequence->first;
        }
    }
    return outgoing;
}

/* Frees an abandoned group once librdkafka has no message of it. */
static void free_if_over(struct bus_group *group)
{
    if (!group->is_abandoned || group->handed_over > 0) {
        return;
    }
    while (group->sequences) {
        struct sequence *sequence = group->sequences;

        group->sequences = sequence->next;
        mem_free(sequence);
    }
    mem_free(group);
}

static void fail(struct bus_group *group, rd_kafka_resp_err_t code)
{
    if (!group->failure) {
        group->failure = code;
    }
    pthread_cond_broadcast(&group->producer->changed);
}

/* The value is not copied again: it lives until the report. */
static rd_kafka_resp_err_t hand_over(struct bus_outgoing *take_outgoing)
{
    struct bus_outgoing *outgoing = take_outgoing;
    struct sequence *sequence = outgoing->sequence;
    rd_kafka_headers_t *headers = STEAL(outgoing->headers);
    rd_kafka_resp_err_t code = rd_kafka_producev(
        outgoing->group->producer->kafka, RD_KAFKA_V_RKT(sequence->topic),
        RD_KAFKA_V_KEY(sequence->has_key ? sequence->key : NULL, strlen(sequence->key)),
        RD_KAFKA_V_VALUE(outgoing->value, outgoing->size), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_OPAQUE(outgoing), RD_KAFKA_V_END);

    if (code) {
        outgoing->headers = headers;
        fail(outgoing->group, code);
        free_outgoing(outgoing);
        return code;
    }
    sequence->is_busy = sequence->is_busy || !outgoing->is_unordered;
    outgoing->group->handed_over++;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_topic_t *find_topic(struct bus_producer *producer, const char *name)
{
    for (struct bus_topic *topic = producer->topics; topic; topic = topic->next) {
        if (strcmp(topic->name, name) == 0) {
            return topic->handle;
        }
    }
    return NULL;
}

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

static struct sequence *open_sequence(struct bus_group *group, rd_kafka_topic_t *topic,
                                      const char *key)
{
    const char *text = key ? key : "";
    struct sequence *sequence = group->sequences;

    while (sequence && (sequence->topic != topic || sequence->has_key != (key != NULL) ||
                        strcmp(sequence->key, text) != 0)) {
        sequence = sequence->next;
    }
    if (sequence) {
        return sequence;
    }
    size_t size = strlen(text) + 1;

    sequence = mem_calloc(1, sizeof(*sequence) + size);
    sequence->topic = topic;
    sequence->has_key = key != NULL;
    memcpy(sequence->key, text, size);
    sequence->after = &sequence->first;
    sequence->next = group->sequences;
    group->sequences = sequence;
    return sequence;
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

static bool wait_for_room(struct bus_producer *producer, size_t size, int64_t deadline_ms)
{
    bool is_late = false;

    while (producer->held_bytes > 0 && producer->held_bytes + size > HELD_BYTES_MAX) {
        if (is_late) {
            return false;
        }
        producer->waiting_for_room++;
        is_late = !wait_until(producer, deadline_ms);
        producer->waiting_for_room--;
    }
    return true;
}

static bool add(struct bus_group *group, const struct bus_out *message, int64_t deadline_ms,
                struct err *err)
{
    struct bus_producer *producer = group->producer;
    rd_kafka_topic_t *topic = open_topic(producer, message->topic, err);

    if (!topic) {
        return false;
    }
    if (group->failure) {
        return bus_fail(err, group->failure, "publishing to %s, after another message",
                        message->topic);
    }
    if (!wait_for_room(producer, message->value.n, deadline_ms)) {
        return err_set(err, ERR_UNAVAILABLE, "publishing to %s: too much is waiting for Kafka",
                       message->topic);
    }
    struct bus_outgoing *outgoing = mem_calloc(1, sizeof(*outgoing) + message->value.n);

    outgoing->group = group;
    outgoing->sequence = open_sequence(group, topic, message->key);
    outgoing->headers = make_headers(message);
    outgoing->is_unordered = message->is_unordered;
    outgoing->size = message->value.n;
    if (message->value.n) {
        memcpy(outgoing->value, message->value.p, message->value.n);
    }
    group->pending++;
    producer->held_bytes += outgoing->size;
    if (outgoing->sequence->is_busy && !outgoing->is_unordered) {
        *outgoing->sequence->after = outgoing;
        outgoing->sequence->after = &outgoing->next;
        return true;
    }
    rd_kafka_resp_err_t code = hand_over(outgoing);

    return code ? bus_fail(err, code, "publishing to %s", message->topic) : true;
}

/* ---- public ---- */

struct bus_group *bus_group_new(struct bus_producer *producer)
{
    struct bus_group *group = mem_calloc(1, sizeof(*group));

    group->producer = producer;
    return group;
}

void bus_group_free(struct bus_group *group)
{
    if (!group) {
        return;
    }
    struct bus_producer *producer = group->producer;

    pthread_mutex_lock(&producer->lock);
    group->is_abandoned = true;
    for (struct sequence *sequence = group->sequences; sequence; sequence = sequence->next) {
        struct bus_outgoing *outgoing;

        while ((outgoing = pop_first(sequence))) {
            free_outgoing(outgoing);
        }
    }
    free_if_over(group);
    pthread_mutex_unlock(&producer->lock);
}

void bus_outgoing_report(struct bus_outgoing *take_outgoing, rd_kafka_resp_err_t code)
{
    struct bus_group *group = take_outgoing->group;
    struct sequence *sequence = take_outgoing->sequence;
    struct bus_producer *producer = group->producer;

    pthread_mutex_lock(&producer->lock);
    sequence->is_busy = sequence->is_busy && take_outgoing->is_unordered;
    group->handed_over--;
    free_outgoing(take_outgoing);
    if (code) {
        fail(group, code);
    }
    struct bus_outgoing *next = group->failure || sequence->is_busy ? NULL : pop_first(sequence);

    if (next) {
        (void)hand_over(next); /* a failure is the group's */
    }
    free_if_over(group);
    pthread_mutex_unlock(&producer->lock);
}

bool bus_group_add(struct bus_group *group, const struct bus_out *message, int64_t timeout_ms,
                   struct err *err)
{
    struct bus_producer *producer = group->producer;
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

    pthread_mutex_lock(&producer->lock);
    bool ok = add(group, message, deadline_ms, err);

    pthread_mutex_unlock(&producer->lock);
    return ok;
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
