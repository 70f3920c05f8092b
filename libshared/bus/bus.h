#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/* Kafka, seen as a bus. The only library that includes librdkafka. Topic and group names given here
 * are the plain ones of docs/DATA.md; CONSIGN_TOPIC_PREFIX is put before them inside. */

struct config;

enum { BUS_MAX_HEADERS = 12 };

struct bus_header {
    const char *key;
    const char *value;
};

/* A message to send. Everything is copied before the call returns. */
struct bus_out {
    const char *topic;
    const char *key; /* decides the partition (murmur2) */
    struct str value;
    struct bus_header headers[BUS_MAX_HEADERS]; /* ends at the first NULL key */
    bool is_unordered; /* in a group: waits for no other message, and none waits for it */
    uint32_t weight;   /* rows inside, lets a consumer bound a run; 0 counts as 1 */
};

/* ---- producing ---- */

struct bus_producer;

/* At-least-once producer: acks=all, no idempotence (ADR 0003). Opening waits for no broker;
 * ERR_INTERNAL for settings librdkafka refuses. Safe to use from several threads. */
bool bus_producer_open(const struct config *config, struct bus_producer **out,
                       struct err *err) MUST_USE;

/* Flushes what is queued for at most `flush_ms`, then frees. All groups must be freed before. NULL
 * is allowed. */
void bus_producer_close(struct bus_producer *producer, int64_t flush_ms);

/* False while no broker answers: lets ingress say 503 before it reads a body. */
bool bus_producer_is_up(struct bus_producer *producer);

/* Waits until it is, so that a program that starts refuses nobody; false when it is not within
 * `timeout_ms`. */
bool bus_producer_await_up(struct bus_producer *producer, int64_t timeout_ms);

/*
 * Messages whose delivery is waited for together. One thread uses a group. Those with the same
 * topic and key are stored in the order they were added, whatever fails and is repeated on the way:
 * each is sent once the one before it is acknowledged. When one cannot be stored, none behind it is
 * sent. That costs a journey to Kafka for each; messages that are unordered share one, and may be
 * stored anywhere among the others.
 */
struct bus_group;

struct bus_group *bus_group_new(struct bus_producer *producer);

/* Queues one message. Waits while 64 MB of messages are under way, at most `timeout_ms`; then
 * ERR_UNAVAILABLE. ERR_INVALID for a message that is larger than Kafka takes. */
bool bus_group_add(struct bus_group *group, const struct bus_out *message, int64_t timeout_ms,
                   struct err *err) MUST_USE;

/* Waits until each message of the group was acknowledged by Kafka. ERR_UNAVAILABLE when one was
 * not, or not within `timeout_ms`; any part of the group may have been stored then. ERR_INVALID
 * when Kafka refused one as too large. */
bool bus_group_wait(struct bus_group *group, int64_t timeout_ms, struct err *err) MUST_USE;

/* What was not yet sent is dropped; what is under way may still be stored. NULL is allowed. */
void bus_group_free(struct bus_group *group);
DEFINE_AUTO(bus_group, struct bus_group, bus_group_free)

/* bus_group_new + add + wait + free. */
bool bus_publish(struct bus_producer *producer, const struct bus_out *messages, size_t count,
                 int64_t timeout_ms, struct err *err) MUST_USE;

/* ---- consuming ---- */

struct bus_message {
    const char *topic; /* plain name, without the prefix */
    int32_t partition;
    int64_t offset;
    struct str key;
    struct str value;
    struct bus_header headers[BUS_MAX_HEADERS]; /* ends at the first NULL key */
    uint32_t weight;
    int64_t time_ms; /* when it was produced, since the Unix epoch */
};

/* The value of a header; NULL when there is none of that name. */
const char *bus_message_header(const struct bus_message *message, const char *key);

/* Consecutive messages of one partition, in order. Valid until bus_run_free, which must come before
 * bus_consumer_close. */
struct bus_run {
    struct bus_message *messages;
    size_t count;
    void *owner;
};
void bus_run_free(struct bus_run *run); /* an all-zero or freed run is allowed */
static inline void auto_free_bus_run(struct bus_run *run)
{
    bus_run_free(run);
}

struct bus_run_limits {
    size_t messages;
    size_t weight;
    size_t bytes;
    /* For work that is cheaper in bulk: the run stays open until no message came for quiet_ms, at
     * most linger_ms. 0: it takes what is at hand. */
    int64_t quiet_ms;
    int64_t linger_ms;
};

struct bus_consumer;

/* One thread uses a consumer. Joins `group` with the range assignor; auto.offset.reset=earliest;
 * offsets are committed only after bus_run_store. */
bool bus_consumer_open(const struct config *config, const char *group, const char *const *topics,
                       size_t topic_count, struct bus_consumer **out, struct err *err) MUST_USE;

/*
 * Commits what was stored, leaves the group, frees. NULL is allowed. When Kafka does not answer
 * within three seconds the client stays behind as it is, for the end of the process: others get its
 * partitions when its session has run out, and messages whose offsets were not committed come
 * again.
 */
void bus_consumer_close(struct bus_consumer *consumer);

/*
 * Waits at most `wait_ms` for a message, then takes what is at hand of the same partition until a
 * limit is reached (always at least one message, however heavy). An empty run (count 0) means none
 * came. ERR_UNAVAILABLE when the consumer reports an error, ERR_INTERNAL when it is fatal: stop the
 * program.
 */
bool bus_consumer_take(struct bus_consumer *consumer, const struct bus_run_limits *limits,
                       int wait_ms, struct bus_run *run, struct err *err) MUST_USE;

/* Marks the run as done: its last offset + 1 is committed within a second. A partition that was
 * taken away meanwhile is not an error: its new owner does the work again and finds it done. */
void bus_run_store(struct bus_consumer *consumer, const struct bus_run *run);

/* bus_run_store, and waits a few seconds until Kafka has it: whoever comes next begins behind the
 * run. For work that may end the process. A failure is no error: the work is found done. */
void bus_run_commit(struct bus_consumer *consumer, const struct bus_run *run);

/* False once the partition of the run was taken away, even if it came back since: its messages come
 * again, here or elsewhere, so that trying further is wasted work. */
bool bus_run_is_held(const struct bus_consumer *consumer, const struct bus_run *run);

/* Keeps group membership alive for `wait_ms` without taking messages: all partitions are paused on
 * the first call. bus_consumer_take resumes them. Used between retries. */
void bus_consumer_idle(struct bus_consumer *consumer, int wait_ms);

/* Partitions assigned right now; 0 while the group balances. */
size_t bus_consumer_partitions(const struct bus_consumer *consumer);

/* True while the group has given this consumer its share, even when that share is no partition at
 * all. */
bool bus_consumer_is_member(const struct bus_consumer *consumer);

/* ---- administration ---- */

struct bus_topic_spec {
    const char *topic;
    int partitions;
    int replication;
    int64_t retention_ms;
    int64_t max_message_bytes;
};

/* Creates the topics that are missing; an existing topic is success and stays as it is. */
bool bus_create_topics(const struct config *config, const struct bus_topic_spec *specs,
                       size_t count, struct err *err) MUST_USE;

/* Where a message stands. */
struct bus_place {
    const char *topic;
    int32_t partition; /* negative: all of them, from their start */
    int64_t offset;
};

/*
 * Reads what stands in a topic at this moment, from `from` to the end, outside of every group.
 * `each` borrows the message and returns false to stop early. ERR_UNAVAILABLE when the end is not
 * reached within `timeout_ms`, also for want of such a topic or partition.
 */
typedef bool (*bus_each_fn)(void *ctx, const struct bus_message *message);
struct bus_scan {
    struct bus_place from;
    bus_each_fn each;
    void *ctx;
    int64_t timeout_ms;
};
bool bus_scan(const struct config *config, const struct bus_scan *scan, struct err *err) MUST_USE;

/* Sum over partitions of (end of log - committed offset) of `group` on `topic`. ERR_UNAVAILABLE
 * after timeout_ms. */
bool bus_group_lag(const struct config *config, const char *group, const char *topic,
                   int64_t timeout_ms, int64_t *lag, struct err *err) MUST_USE;
