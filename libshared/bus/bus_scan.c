#include "bus/bus_internal.h"

#include "base/clock.h"
#include "config/config.h"

enum { POLL_MS = 100 };

static const char group[] = "consign-admin"; /* a name is needed, but nothing is committed */

/* What is left to read: each partition's offset is the one behind the last message read. */
struct scanning {
    rd_kafka_t *kafka;
    rd_kafka_topic_partition_list_t *next;
    rd_kafka_topic_partition_list_t *end;
    size_t prefix_size;
};

static bool is_done(const struct scanning *scanning)
{
    for (int i = 0; i < scanning->end->cnt; i++) {
        if (scanning->next->elems[i].offset < scanning->end->elems[i].offset) {
            return false;
        }
    }
    return true;
}

/* The partitions that are asked for, with the offsets where they begin and end. */
static bool find_range(struct scanning *scanning, const char *topic, const struct bus_place *from,
                       int64_t deadline_ms, struct err *err)
{
    if (from->partition >= 0) {
        rd_kafka_topic_partition_list_add(scanning->end, topic, from->partition);
    } else if (!bus_list_partitions(scanning->kafka, topic, deadline_ms, scanning->end, err)) {
        return false;
    }
    scanning->next = rd_kafka_topic_partition_list_copy(scanning->end);
    if (!bus_find_edge(scanning->kafka, scanning->end, RD_KAFKA_OFFSET_END, deadline_ms, err) ||
        !bus_find_edge(scanning->kafka, scanning->next, RD_KAFKA_OFFSET_BEGINNING, deadline_ms,
                       err)) {
        return false;
    }
    if (from->partition >= 0 && from->offset > scanning->next->elems[0].offset) {
        scanning->next->elems[0].offset = from->offset;
    }
    return true;
}

/* Gives one message to the reader; false when nothing more is wanted. */
static bool read_one(const struct scanning *scanning, const struct bus_scan *scan)
{
    rd_kafka_message_t *raw = rd_kafka_consumer_poll(scanning->kafka, POLL_MS);
    bool goes_on = true;

    if (raw && !raw->err) {
        struct bus_message message = bus_read_message(raw, scanning->prefix_size);
        rd_kafka_topic_partition_t *place = rd_kafka_topic_partition_list_find(
            scanning->next, rd_kafka_topic_name(raw->rkt), raw->partition);

        place->offset = raw->offset + 1;
        goes_on = scan->each(scan->ctx, &message);
    }
    if (raw) {
        rd_kafka_message_destroy(raw);
    }
    return goes_on;
}

static bool read_range(const struct scanning *scanning, const struct bus_scan *scan,
                       int64_t deadline_ms, struct err *err)
{
    rd_kafka_resp_err_t code = rd_kafka_assign(scanning->kafka, scanning->next);

    if (code) {
        return bus_fail(err, code, "reading %s", scan->from.topic);
    }
    while (!is_done(scanning)) {
        if (clock_monotonic_ms() > deadline_ms) {
            return err_set(err, ERR_UNAVAILABLE, "reading %s: its end was not reached in time",
                           scan->from.topic);
        }
        if (!read_one(scanning, scan)) {
            break;
        }
    }
    return true;
}

bool bus_scan(const struct config *config, const struct bus_scan *scan, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + scan->timeout_ms;
    AUTO(char) char *topic = bus_prefixed(config, scan->from.topic);
    struct scanning scanning = {.end = rd_kafka_topic_partition_list_new(1),
                                .prefix_size = strlen(config->topic_prefix)};
    bool ok = bus_connect_member(config, group, &scanning.kafka, err) &&
              find_range(&scanning, topic, &scan->from, deadline_ms, err) &&
              read_range(&scanning, scan, deadline_ms, err);

    rd_kafka_topic_partition_list_destroy(scanning.end);
    if (scanning.next) {
        rd_kafka_topic_partition_list_destroy(scanning.next);
    }
    if (scanning.kafka) {
        rd_kafka_consumer_close(scanning.kafka);
        rd_kafka_destroy(scanning.kafka);
    }
    return ok;
}
