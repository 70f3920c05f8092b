#include "bus/bus_consumer.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>

/* How long a run that has its first message waits for more of them. */
enum { GATHER_MS = 2, COMMIT_MS = 5000 };

struct run_owner {
    uint64_t epoch; /* of the assignment that the messages came by */
    rd_kafka_message_t **raw;
    size_t capacity;
    size_t weight;
    size_t bytes;
};

static uint32_t read_weight(const char *text)
{
    char *end;

    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    bool is_number = end != text && *end == '\0' && errno == 0;

    return is_number && value > 0 && value <= UINT32_MAX ? (uint32_t)value : 1;
}

/* librdkafka puts a NUL behind each header value. */
static void read_headers(const rd_kafka_message_t *raw, struct bus_message *out)
{
    rd_kafka_headers_t *headers = NULL;
    const char *key;
    const void *value;
    size_t size;
    size_t count = 0;

    out->weight = 1;
    if (rd_kafka_message_headers(raw, &headers)) {
        return;
    }
    for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &key, &value, &size); i++) {
        if (strcmp(key, BUS_WEIGHT_HEADER) == 0) {
            out->weight = read_weight(value ? value : "");
        } else if (count < BUS_MAX_HEADERS) {
            out->headers[count++] = (struct bus_header){key, value ? value : ""};
        }
    }
}

struct bus_message bus_read_message(const rd_kafka_message_t *raw, size_t prefix_size)
{
    struct bus_message message = {
        .topic = rd_kafka_topic_name(raw->rkt) + prefix_size,
        .partition = raw->partition,
        .offset = raw->offset,
        .key = {raw->key, raw->key_len},
        .value = {raw->payload, raw->len},
        .time_ms = rd_kafka_message_timestamp(raw, NULL),
    };

    read_headers(raw, &message);
    return message;
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

static size_t count_bytes(const struct bus_message *message)
{
    return message->key.n + message->value.n;
}

static bool fits(const struct bus_run *run, const struct bus_message *message,
                 const struct bus_run_limits *limits)
{
    const struct run_owner *owner = run->owner;

    if (run->count == 0) {
        return true;
    }
    return run->count < limits->messages && owner->weight + message->weight <= limits->weight &&
           owner->bytes + count_bytes(message) <= limits->bytes;
}

static void append(struct bus_run *run, rd_kafka_message_t *raw, const struct bus_message *message)
{
    struct run_owner *owner = run->owner;

    if (run->count == owner->capacity) {
        owner->capacity = owner->capacity ? owner->capacity * 2 : 8;
        owner->raw = mem_realloc(owner->raw, owner->capacity * sizeof(*owner->raw));
        run->messages = mem_realloc(run->messages, owner->capacity * sizeof(*run->messages));
    }
    owner->raw[run->count] = raw;
    run->messages[run->count] = *message;
    run->count++;
    owner->weight += message->weight;
    owner->bytes += count_bytes(message);
}

static bool is_full(const struct bus_run *run, const struct bus_run_limits *limits)
{
    const struct run_owner *owner = run->owner;

    return run->count >= limits->messages || owner->weight >= limits->weight ||
           owner->bytes >= limits->bytes;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static rd_kafka_message_t *pop(struct bus_partition *partition)
{
    rd_kafka_message_t *message = partition->next;

    partition->next = NULL;
    return message;
}

/* Fills the run from partition number `at`. It ends when another partition has something. */
static void gather(struct bus_consumer *consumer, const struct bus_run_limits *limits, size_t at,
                   struct bus_run *run)
{
    int64_t quiet_ms = most(limits->quiet_ms, GATHER_MS);
    int64_t deadline_ms = clock_monotonic_ms() + most(limits->linger_ms, GATHER_MS);

    do {
        int64_t left_ms = most(deadline_ms - clock_monotonic_ms(), 0);
        struct bus_partition *next =
            bus_consumer_peek(consumer, at, (int)(left_ms < quiet_ms ? left_ms : quiet_ms));

        /* What came by a new share does not belong to this run, even from the same partition. */
        if (!next || !bus_run_is_held(consumer, run) || next != &consumer->partitions[at]) {
            return;
        }
        struct bus_message message = bus_read_message(next->next, consumer->prefix_size);

        if (!fits(run, &message, limits)) {
            return;
        }
        append(run, pop(next), &message);
    } while (!is_full(run, limits));
}

static bool report_trouble(struct bus_consumer *consumer, struct err *err)
{
    char why[160];

    if (rd_kafka_fatal_error(consumer->kafka, why, sizeof(why))) {
        return err_set(err, ERR_INTERNAL, "Kafka consumer: %s", why);
    }
    if (!consumer->trouble.kind) {
        return true;
    }
    *err = consumer->trouble;
    consumer->trouble = (struct err){0};
    return false;
}

bool bus_consumer_take(struct bus_consumer *consumer, const struct bus_run_limits *limits,
                       int wait_ms, struct bus_run *run, struct err *err)
{
    *run = (struct bus_run){0};
    bus_consumer_resume(consumer);
    const struct bus_partition *first = bus_consumer_peek(consumer, consumer->turn, wait_ms);

    if (!first) {
        return report_trouble(consumer, err);
    }
    struct run_owner *owner = mem_calloc(1, sizeof(*owner));
    size_t at = (size_t)(first - consumer->partitions);

    owner->epoch = consumer->epoch;
    run->owner = owner;
    consumer->turn = at + 1;
    gather(consumer, limits, at, run);
    /* The group may have balanced while messages were gathered: then all of them come again. */
    if (!bus_run_is_held(consumer, run)) {
        bus_run_free(run);
    }
    return true;
}

bool bus_run_is_held(const struct bus_consumer *consumer, const struct bus_run *run)
{
    const struct run_owner *owner = run->owner;

    return owner && owner->epoch == consumer->epoch;
}

/* One partition and the offset behind the run; NULL when the partition was taken away. */
static rd_kafka_topic_partition_list_t *end_of(const struct bus_consumer *consumer,
                                               const struct bus_run *run)
{
    const struct run_owner *owner = run->owner;

    if (run->count == 0 || !bus_run_is_held(consumer, run)) {
        return NULL;
    }
    const rd_kafka_message_t *any = owner->raw[0];
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(any->rkt), any->partition)->offset =
        run->messages[run->count - 1].offset + 1;
    return list;
}

void bus_run_store(struct bus_consumer *consumer, const struct bus_run *run)
{
    AUTO(rd_kafka_list) rd_kafka_topic_partition_list_t *list = end_of(consumer, run);

    if (list) {
        /* Fails only for a partition that was just lost, which is no error. */
        (void)rd_kafka_offsets_store(consumer->kafka, list);
    }
}

void bus_run_commit(struct bus_consumer *consumer, const struct bus_run *run)
{
    AUTO(rd_kafka_list) rd_kafka_topic_partition_list_t *list = end_of(consumer, run);

    if (!list) {
        return;
    }
    AUTO(rd_kafka_queue) rd_kafka_queue_t *answers = rd_kafka_queue_new(consumer->kafka);

    (void)rd_kafka_offsets_store(consumer->kafka, list);
    /* rd_kafka_commit would wait for a broker that is away without end. */
    if (!rd_kafka_commit_queue(consumer->kafka, list, answers, NULL, NULL)) {
        rd_kafka_event_t *answer = rd_kafka_queue_poll(answers, COMMIT_MS);

        if (answer) {
            rd_kafka_event_destroy(answer);
        }
    }
}

void bus_run_free(struct bus_run *run)
{
    struct run_owner *owner = run->owner;

    if (owner) {
        for (size_t i = 0; i < run->count; i++) {
            rd_kafka_message_destroy(owner->raw[i]);
        }
        mem_free(owner->raw);
        mem_free(owner);
        mem_free(run->messages);
    }
    *run = (struct bus_run){0};
}
