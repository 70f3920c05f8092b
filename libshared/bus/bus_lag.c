#include "bus/bus_internal.h"

#include "base/clock.h"

enum { AGAIN_MS = 50 };

static int left_ms(int64_t deadline_ms)
{
    int64_t left = deadline_ms - clock_monotonic_ms();

    return left > 0 ? (int)left : 0;
}

bool bus_connect_member(const struct config *config, const char *group, rd_kafka_t **out,
                        struct err *err)
{
    AUTO(rd_kafka_conf) rd_kafka_conf_t *conf = NULL;
    AUTO(char) char *group_id = bus_prefixed(config, group);

    return bus_conf_new(config, BUS_ROLE_ADMIN, &conf, err) &&
           bus_conf_set(conf, "group.id", group_id, err) &&
           bus_client_new(RD_KAFKA_CONSUMER, &conf, out, err);
}

bool bus_list_partitions(rd_kafka_t *kafka, const char *topic, int64_t deadline_ms,
                         rd_kafka_topic_partition_list_t *list, struct err *err)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(kafka, topic, NULL);

    if (!handle) {
        return bus_fail(err, rd_kafka_last_error(), "topic %s", topic);
    }
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(kafka, 0, handle, &metadata, left_ms(deadline_ms));

    if (!code) {
        code = metadata->topics[0].err;
        for (int i = 0; i < metadata->topics[0].partition_cnt; i++) {
            rd_kafka_topic_partition_list_add(list, topic, metadata->topics[0].partitions[i].id);
        }
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    return code ? bus_fail(err, code, "topic %s", topic) : true;
}

/*
 * Sets each partition's offset to the start (RD_KAFKA_OFFSET_BEGINNING) or end
 * (RD_KAFKA_OFFSET_END) of its log. These stand for themselves where a time is expected.
 * rd_kafka_query_watermark_offsets would be the plain way, but ignores its time-out before
 * librdkafka 2.3.
 */
static rd_kafka_resp_err_t ask_edge(rd_kafka_t *kafka, rd_kafka_topic_partition_list_t *list,
                                    int64_t edge, int timeout_ms)
{
    for (int i = 0; i < list->cnt; i++) {
        list->elems[i].offset = edge;
    }
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(kafka, list, timeout_ms);

    for (int i = 0; !code && i < list->cnt; i++) {
        code = list->elems[i].err;
    }
    return code;
}

bool bus_find_edge(rd_kafka_t *kafka, rd_kafka_topic_partition_list_t *list, int64_t edge,
                   int64_t deadline_ms, struct err *err)
{
    rd_kafka_resp_err_t code = ask_edge(kafka, list, edge, left_ms(deadline_ms));

    while (code && bus_err_kind(code) == ERR_UNAVAILABLE && left_ms(deadline_ms) > 0) {
        rd_kafka_poll(kafka, AGAIN_MS);
        code = ask_edge(kafka, list, edge, left_ms(deadline_ms));
    }
    return code ? bus_fail(err, code, "offsets of %s", list->elems[0].topic) : true;
}

bool bus_group_lag(const struct config *config, const char *group, const char *topic,
                   int64_t timeout_ms, int64_t *lag, struct err *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    AUTO(rd_kafka) rd_kafka_t *kafka = NULL;
    AUTO(char) char *full = bus_prefixed(config, topic);
    AUTO(rd_kafka_list)
    rd_kafka_topic_partition_list_t *committed = rd_kafka_topic_partition_list_new(0);

    if (!bus_connect_member(config, group, &kafka, err) ||
        !bus_list_partitions(kafka, full, deadline_ms, committed, err)) {
        return false;
    }
    AUTO(rd_kafka_list)
    rd_kafka_topic_partition_list_t *start = rd_kafka_topic_partition_list_copy(committed);
    AUTO(rd_kafka_list)
    rd_kafka_topic_partition_list_t *end = rd_kafka_topic_partition_list_copy(committed);
    rd_kafka_resp_err_t code = rd_kafka_committed(kafka, committed, left_ms(deadline_ms));

    if (code) {
        return bus_fail(err, code, "offsets of group %s", group);
    }
    if (!bus_find_edge(kafka, start, RD_KAFKA_OFFSET_BEGINNING, deadline_ms, err) ||
        !bus_find_edge(kafka, end, RD_KAFKA_OFFSET_END, deadline_ms, err)) {
        return false;
    }
    *lag = 0;
    for (int i = 0; i < committed->cnt; i++) {
        int64_t next = committed->elems[i].offset;

        *lag += end->elems[i].offset - (next >= 0 ? next : start->elems[i].offset);
    }
    return true;
}
