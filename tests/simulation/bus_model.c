#include "base/strmap.h"
#include "config/config.h"
#include "message/topics.h"
#include "simulation/models.h"
#include "simulation/world.h"

#include <string.h>

enum { PARTITIONS = 2, MAX_MEMBERS = 4, MAX_LATE = 16, MAX_QUEUED = 64, IDLE_MS = 10000 };

struct log {
    const struct bus_out **messages;
    size_t count;
    size_t cap;
    const char *topic;
    int partition;
};

/* A partition as a group sees it, and as one of its members does. */
struct share {
    struct log *log;
    struct bus_consumer *owner;
    unsigned generation; /* grows when it changes hands */
    size_t committed;
};

struct view {
    bool is_held;
    unsigned generation;
    size_t position;
    size_t stored;
};

struct group {
    const char *name;
    struct bus_consumer *members[MAX_MEMBERS];
    size_t member_count;
    struct share *shares;
    size_t share_count;
};

struct bus_consumer {
    struct group *group;
    struct view *views; /* of the group's shares */
};

struct bus_producer {
    char unused;
};

struct bus_group {
    const struct bus_out *queued[MAX_QUEUED];
    size_t count;
    bool has_failed;
};

static struct {
    struct strmap *topics; /* -> struct log[PARTITIONS] */
    struct strmap *groups;
    const struct bus_out *late[MAX_LATE];
    size_t late_count;
} broker;

/* ---- the logs ---- */

static struct log *logs_of(const char *topic)
{
    struct log *logs = strmap_get(broker.topics, topic);

    if (!logs) {
        logs = arena_calloc(world_arena(), PARTITIONS, sizeof(*logs));
        for (int i = 0; i < PARTITIONS; i++) {
            logs[i].topic = arena_strdup(world_arena(), topic);
            logs[i].partition = i;
        }
        strmap_put(broker.topics, logs->topic, logs);
    }
    return logs;
}

static unsigned partition_of(const char *key)
{
    unsigned hash = 5381;

    for (; key && *key; key++) {
        hash = hash * 33 + (unsigned char)*key;
    }
    return hash % PARTITIONS;
}

static const struct bus_out *copy_of(const struct bus_out *message)
{
    struct arena *arena = world_arena();
    struct bus_out *copy = arena_memdup(arena, message, sizeof(*message));

    copy->topic = arena_strdup(arena, message->topic);
    copy->key = message->key ? arena_strdup(arena, message->key) : NULL;
    copy->value.p = arena_memdup(arena, message->value.p, message->value.n);
    for (size_t i = 0; i < BUS_MAX_HEADERS && message->headers[i].key; i++) {
        copy->headers[i].key = arena_strdup(arena, message->headers[i].key);
        copy->headers[i].value = arena_strdup(arena, message->headers[i].value);
    }
    return copy;
}

static void append(const struct bus_out *message)
{
    struct log *log = &logs_of(message->topic)[partition_of(message->key)];

    if (log->count == log->cap) {
        const struct bus_out **old = log->messages;

        log->cap = log->cap ? log->cap * 2 : 32;
        log->messages = arena_calloc(world_arena(), log->cap, sizeof(*log->messages));
        if (old) {
            memcpy(log->messages, old, log->count * sizeof(*old));
        }
    }
    world_trace("%s/%d has %zu: key %s", log->topic, log->partition, log->count,
                message->key ? message->key : "");
    log->messages[log->count++] = message;
    world_note_change();
    world_wake_readers();
}

void bus_model_append(const struct bus_out *message)
{
    append(copy_of(message));
}

void bus_model_each(const char *topic, bus_model_each_fn each, void *ctx)
{
    const struct log *logs = logs_of(topic);

    for (int i = 0; i < PARTITIONS; i++) {
        for (size_t k = 0; k < logs[i].count; k++) {
            each(ctx, logs[i].messages[k]);
        }
    }
}

void bus_model_deliver_late(void)
{
    if (broker.late_count > 0 && world_random(100) == 0) {
        append(broker.late[--broker.late_count]);
    }
}

bool bus_model_has_late(void)
{
    return broker.late_count > 0;
}

/* ---- producing ---- */

bool bus_producer_open(const struct config *config, struct bus_producer **out, struct err *err)
{
    static struct bus_producer producer;

    (void)config;
    (void)err;
    *out = &producer;
    return true;
}

struct bus_group *bus_group_new(struct bus_producer *producer)
{
    (void)producer;
    return arena_calloc(world_arena(), 1, sizeof(struct bus_group));
}

static bool is_behind(const struct bus_out *first, const struct bus_out *message)
{
    return !first->is_unordered && !message->is_unordered &&
           strcmp(first->topic, message->topic) == 0 && strcmp(first->key, message->key) == 0;
}

/* Whether nothing in the group must be stored before it. */
static bool may_be_sent(const struct bus_group *group, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_behind(group->queued[i], group->queued[index])) {
            return false;
        }
    }
    return true;
}

static const struct bus_out *take_any(struct bus_group *group)
{
    size_t first = world_random(group->count);

    while (!may_be_sent(group, first)) {
        first--;
    }
    const struct bus_out *message = group->queued[first];

    group->count--;
    memmove(&group->queued[first], &group->queued[first + 1],
            (group->count - first) * sizeof(*group->queued));
    return message;
}

/* Nothing more is sent. Only what waited for no other message, and so may be on the wire, arrives
 * perhaps; `unsure` has arrived and is not known to have. */
static bool fail_group(struct bus_group *group, const struct bus_out *unsure)
{
    group->has_failed = true;
    for (size_t i = 0; i < group->count && !world_is_stopping(); i++) {
        if (may_be_sent(group, i) && !(unsure && is_behind(unsure, group->queued[i])) &&
            broker.late_count < MAX_LATE && world_random(3) == 0) {
            broker.late[broker.late_count++] = group->queued[i];
        }
    }
    group->count = 0;
    return false;
}

static bool send_one(struct bus_group *group, struct err *err)
{
    if (!world_before("publish", group->queued[0]->topic, err)) {
        return fail_group(group, NULL);
    }
    const struct bus_out *message = take_any(group);

    append(message);
    if (world_has_fault(FAULT_REPEAT)) {
        append(message);
    }
    return world_after("publish", message->topic, err) || fail_group(group, message);
}

bool bus_group_add(struct bus_group *group, const struct bus_out *message, int64_t timeout_ms,
                   struct err *err)
{
    (void)timeout_ms;
    if (group->count == MAX_QUEUED) {
        world_violate("a group has too many messages for the model");
        return err_set(err, ERR_UNAVAILABLE, "full");
    }
    if (!group->has_failed) {
        group->queued[group->count++] = copy_of(message);
    }
    return true;
}

bool bus_group_wait(struct bus_group *group, int64_t timeout_ms, struct err *err)
{
    (void)timeout_ms;
    while (group->count > 0) {
        if (!send_one(group, err)) {
            return false;
        }
    }
    return true;
}

void bus_group_free(struct bus_group *group)
{
    (void)group;
}

bool bus_publish(struct bus_producer *producer, const struct bus_out *messages, size_t count,
                 int64_t timeout_ms, struct err *err)
{
    struct bus_group *group = bus_group_new(producer);

    for (size_t i = 0; i < count; i++) {
        if (!bus_group_add(group, &messages[i], timeout_ms, err)) {
            return false;
        }
    }
    return bus_group_wait(group, timeout_ms, err);
}

/* ---- groups ---- */

static void hand_over(struct share *share, struct bus_consumer *owner)
{
    if (share->owner != owner) {
        share->owner = owner;
        share->generation++;
    }
}

static void balance(struct group *group)
{
    for (size_t i = 0; i < group->share_count; i++) {
        hand_over(&group->shares[i], group->member_count > 0
                                         ? group->members[world_random(group->member_count)]
                                         : NULL);
    }
}

void bus_model_rebalance(void)
{
    struct group *group = strmap_at(broker.groups, world_random(strmap_count(broker.groups)), NULL);

    if (group && group->member_count > 0) {
        world_trace("%s is balanced anew", group->name);
        balance(group);
        world_wake_readers();
    }
}

void bus_model_reset_offsets(void)
{
    struct group *group = strmap_at(broker.groups, world_random(strmap_count(broker.groups)), NULL);

    if (group) {
        struct share *share = &group->shares[world_random(group->share_count)];

        world_trace("%s reads %s/%d from the beginning", group->name, share->log->topic,
                    share->log->partition);
        share->committed = 0;
        share->generation++;
        world_note_change();
        world_wake_readers();
    }
}

int64_t bus_model_lag(void)
{
    const struct group *group;
    int64_t lag = 0;

    for (size_t i = 0; (group = strmap_at(broker.groups, i, NULL)); i++) {
        for (size_t k = 0; k < group->share_count; k++) {
            lag += (int64_t)(group->shares[k].log->count - group->shares[k].committed);
        }
    }
    return lag;
}

/* ---- consuming ---- */

static struct group *group_of(const char *name, const char *const *topics, size_t topic_count)
{
    struct group *group = strmap_get(broker.groups, name);

    if (!group) {
        group = arena_calloc(world_arena(), 1, sizeof(*group));
        group->name = name;
        group->share_count = topic_count * PARTITIONS;
        group->shares = arena_calloc(world_arena(), group->share_count, sizeof(*group->shares));
        for (size_t i = 0; i < group->share_count; i++) {
            group->shares[i].log = &logs_of(topics[i / PARTITIONS])[i % PARTITIONS];
        }
        strmap_put(broker.groups, name, group);
    }
    return group;
}

bool bus_consumer_open(const struct config *config, const char *group, const char *const *topics,
                       size_t topic_count, struct bus_consumer **out, struct err *err)
{
    struct bus_consumer *consumer = arena_calloc(world_arena(), 1, sizeof(*consumer));

    (void)config;
    (void)err;
    consumer->group = group_of(group, topics, topic_count);
    consumer->views =
        arena_calloc(world_arena(), consumer->group->share_count, sizeof(*consumer->views));
    consumer->group->members[consumer->group->member_count++] = consumer;
    balance(consumer->group);
    world_wake_readers();
    *out = consumer;
    return true;
}

void bus_consumer_close(struct bus_consumer *consumer)
{
    struct group *group = consumer->group;

    for (size_t i = 0; i < group->member_count; i++) {
        if (group->members[i] == consumer) {
            group->members[i] = group->members[--group->member_count];
            break;
        }
    }
    balance(group);
}

/* What a member learns and tells when it polls. Until then it holds what it held. */
static void poll(struct bus_consumer *consumer, bool commits)
{
    for (size_t i = 0; i < consumer->group->share_count; i++) {
        struct share *share = &consumer->group->shares[i];
        struct view *view = &consumer->views[i];
        bool is_mine = share->owner == consumer;

        if (is_mine && view->is_held && view->generation == share->generation) {
            if (commits && view->stored > share->committed) {
                share->committed = view->stored;
            }
            continue;
        }
        *view = (struct view){is_mine, share->generation, share->committed, share->committed};
    }
}

struct taken {
    struct view *view;
    unsigned generation;
};

static struct bus_message message_at(const struct log *log, size_t offset)
{
    const struct bus_out *out = log->messages[offset];
    struct bus_message message = {
        .topic = log->topic,
        .partition = log->partition,
        .offset = (int64_t)offset,
        .key = str_from(out->key ? out->key : ""),
        .value = out->value,
        .weight = out->weight,
    };

    memcpy(message.headers, out->headers, sizeof(message.headers));
    return message;
}

static void take_from(const struct log *log, struct view *view, struct bus_run *run)
{
    struct taken *taken = arena_calloc(world_arena(), 1, sizeof(*taken));

    *taken = (struct taken){view, view->generation};
    run->owner = taken;
    run->count = 1 + world_random(log->count - view->position);
    run->messages = arena_calloc(world_arena(), run->count, sizeof(*run->messages));
    for (size_t i = 0; i < run->count; i++) {
        run->messages[i] = message_at(log, view->position++);
    }
}

bool bus_consumer_take(struct bus_consumer *consumer, const struct bus_run_limits *limits,
                       int wait_ms, struct bus_run *run, struct err *err)
{
    const struct group *group = consumer->group;
    size_t first = world_random(group->share_count);

    (void)limits;
    (void)wait_ms;
    *run = (struct bus_run){0};
    if (!world_before("take", group->name, err)) {
        return false;
    }
    poll(consumer, world_random(2));
    for (size_t i = 0; i < group->share_count; i++) {
        size_t at = (first + i) % group->share_count;
        const struct log *log = group->shares[at].log;

        if (consumer->views[at].is_held && consumer->views[at].position < log->count) {
            take_from(log, &consumer->views[at], run);
            return true;
        }
    }
    poll(consumer, true);
    world_sleep(IDLE_MS, true);
    return true;
}

void bus_run_free(struct bus_run *run)
{
    (void)run;
}

bool bus_run_is_held(const struct bus_consumer *consumer, const struct bus_run *run)
{
    const struct taken *taken = run->owner;

    (void)consumer;
    return taken->view->is_held && taken->view->generation == taken->generation;
}

void bus_run_store(struct bus_consumer *consumer, const struct bus_run *run)
{
    const struct taken *taken = run->owner;

    if (!world_self_is_dead() && bus_run_is_held(consumer, run)) {
        taken->view->stored = (size_t)run->messages[run->count - 1].offset + 1;
    }
}

void bus_run_commit(struct bus_consumer *consumer, const struct bus_run *run)
{
    bus_run_store(consumer, run);
    if (!world_self_is_dead()) {
        poll(consumer, true);
    }
}

void bus_consumer_idle(struct bus_consumer *consumer, int wait_ms)
{
    world_sleep(wait_ms > 0 ? wait_ms : 1, false);
    poll(consumer, true);
}

size_t bus_consumer_partitions(const struct bus_consumer *consumer)
{
    (void)consumer;
    return PARTITIONS;
}

bool bus_consumer_is_member(const struct bus_consumer *consumer)
{
    (void)consumer;
    return true;
}

const char *bus_message_header(const struct bus_message *message, const char *key)
{
    for (size_t i = 0; i < BUS_MAX_HEADERS && message->headers[i].key; i++) {
        if (strcmp(message->headers[i].key, key) == 0) {
            return message->headers[i].value;
        }
    }
    return NULL;
}

void bus_model_begin(void)
{
    broker.topics = strmap_new(world_arena());
    broker.groups = strmap_new(world_arena());
    broker.late_count = 0;
}
