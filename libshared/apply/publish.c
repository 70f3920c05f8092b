#include "apply/apply_internal.h"

#include "config/config.h"
#include "message/topics.h"

static void set_headers(struct bus_out *out, const struct message_origin *origin)
{
    out->headers[0] = (struct bus_header){"job-id", origin->job_id};
    out->headers[1] = (struct bus_header){"tenant", origin->tenant};
    out->headers[2] = (struct bus_header){"trace-id", origin->trace_id};
}

static bool publish_search(struct apply *apply, struct bus_group *group,
                           const struct receipt *receipt, struct err *err)
{
    for (uint32_t batch = 0; batch < receipt->counts.search_batches; batch++) {
        size_t first = (size_t)batch * SEARCH_BATCH_ITEMS;
        size_t left = receipt->counts.search_items - first;
        struct search_batch message = {
            .origin = receipt->origin,
            .batch = batch,
            .items = receipt->items + first,
            .item_count = left < SEARCH_BATCH_ITEMS ? left : SEARCH_BATCH_ITEMS,
        };
        struct bus_out out = {
            .topic = TOPIC_SEARCH,
            .key = receipt->origin.tenant,
            .value = search_batch_encode(apply->arena, &message),
            .is_unordered = true, /* the index knows the order by versions (ADR 0010) */
            .weight = (uint32_t)message.item_count,
        };

        set_headers(&out, &receipt->origin);
        if (!bus_group_add(group, &out, apply->config->publish_timeout_ms, err)) {
            return false;
        }
    }
    return true;
}

static bool publish_progress(struct apply *apply, struct bus_group *group,
                             const struct receipt *receipt, struct err *err)
{
    struct chunk_done done = {
        .origin = receipt->origin,
        .stage = CHUNK_APPLIED,
        .counts = receipt->counts,
        .unknown = receipt->unknown,
        .started_at_ms = receipt->started_at_ms,
        .finished_at_ms = receipt->finished_at_ms,
    };
    struct bus_out out = {
        .topic = TOPIC_PROGRESS,
        .key = receipt->origin.job_id,
        .value = chunk_done_encode(apply->arena, &done),
    };

    set_headers(&out, &receipt->origin);
    return bus_group_add(group, &out, apply->config->publish_timeout_ms, err);
}

bool apply_publish(struct apply *apply, const struct works *works, struct err *err)
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(apply->producer);

    for (size_t i = 0; i < works->count; i++) {
        const struct receipt *receipt = &works->items[i].receipt;

        if (!publish_search(apply, group, receipt, err) ||
            !publish_progress(apply, group, receipt, err)) {
            return false;
        }
    }
    return bus_group_wait(group, apply->config->publish_timeout_ms, err);
}
