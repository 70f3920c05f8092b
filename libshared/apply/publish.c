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

static bool publish_done(struct apply *apply, struct bus_group *group,
                         const struct chunk_done *done, struct err *err)
{
    struct bus_out out = {
        .topic = TOPIC_PROGRESS,
        .key = done->origin.job_id,
        .value = chunk_done_encode(apply->arena, done),
    };

    set_headers(&out, &done->origin);
    return bus_group_add(group, &out, apply->config->publish_timeout_ms, err);
}

static bool publish_progress(struct apply *apply, struct bus_group *group,
                             const struct receipt *receipt, struct err *err)
{
    return publish_done(apply, group,
                        &(struct chunk_done){
                            .origin = receipt->origin,
                            .stage = CHUNK_APPLIED,
                            .counts = receipt->counts,
                            .unknown = receipt->unknown,
                            .started_at_ms = receipt->started_at_ms,
                            .finished_at_ms = receipt->finished_at_ms,
                        },
                        err);
}

/* Puts a chunk of products into their topic, with the key that ingress would give it. */
static bool publish_chunk(struct apply *apply, struct bus_group *group,
                          const struct import_chunk *chunk, struct str bytes, struct err *err)
{
    const struct message_origin *origin = &chunk->origin;
    const char *lane = arena_printf(apply->arena, "%u", origin->lane);
    size_t rows = chunk->scan ? (size_t)apply->config->chunk_rows : chunk->row_count;
    struct bus_out out = {
        .topic = TOPIC_IMPORT_PRODUCTS,
        .key = ID_JOIN(apply->arena, origin->tenant, lane),
        .value = bytes,
        .weight = (uint32_t)rows,
    };

    set_headers(&out, origin);
    return bus_group_add(group, &out, apply->config->publish_timeout_ms, err);
}

/* Behind a page comes the next one, or the news that the job has no more. */
static bool publish_after_page(struct apply *apply, struct bus_group *group,
                               const struct work *work, struct err *err)
{
    const struct receipt *receipt = &work->receipt;
    uint32_t rows =
        work->chunk.scan->first_row + receipt->counts.successful + receipt->counts.failed;
    struct chunk_scan scan = {receipt->scan_after, rows};
    struct import_chunk next = work->chunk;

    if (!receipt->scan_after) {
        return publish_done(apply, group,
                            &(struct chunk_done){
                                .origin = receipt->origin,
                                .stage = CHUNK_SEALED,
                                .started_at_ms = receipt->started_at_ms,
                                .finished_at_ms = receipt->finished_at_ms,
                                .total_chunks = receipt->origin.chunk + 1,
                                .total_rows = rows,
                            },
                            err);
    }
    next.origin.chunk++;
    next.scan = &scan;
    next.row_count = 0;
    return publish_chunk(apply, group, &next, import_chunk_encode(apply->arena, &next), err);
}

static bool publish_work(struct apply *apply, struct bus_group *group, const struct work *work,
                         struct err *err)
{
    if (!work->entity) {
        return publish_chunk(apply, group, &work->chunk, work->bytes, err);
    }
    return publish_search(apply, group, &work->receipt, err) &&
           publish_progress(apply, group, &work->receipt, err) &&
           (!work->chunk.scan || publish_after_page(apply, group, work, err));
}

bool apply_publish(struct apply *apply, const struct works *works, struct err *err)
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(apply->producer);

    for (size_t i = 0; i < works->count; i++) {
        if (!publish_work(apply, group, &works->items[i], err)) {
            return false;
        }
    }
    return bus_group_wait(group, apply->config->publish_timeout_ms, err);
}
