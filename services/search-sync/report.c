#include "report.h"

#include "message/topics.h"
#include "runtime/dead_letter.h"
#include "runtime/metrics.h"

#include <string.h>

static struct metric indexed_total = {.name = "consign_search_indexed_total",
                                      .help = "Documents made searchable",
                                      .type = METRIC_COUNTER};
static struct metric failed_total = {.name = "consign_search_failed_total",
                                     .help = "Documents that can never be indexed",
                                     .type = METRIC_COUNTER};

struct tally {
    uint32_t indexed;
    uint32_t failed;
};

static struct bus_out progress_of(struct arena *arena, const struct search_batch *batch,
                                  const struct tally *tally)
{
    const struct chunk_done done = {
        .origin = batch->origin,
        .stage = CHUNK_INDEXED,
        .batch = batch->batch,
        .indexed = tally->indexed,
        .index_failed = tally->failed,
    };

    return (struct bus_out){
        .topic = TOPIC_PROGRESS,
        .key = batch->origin.job_id,
        .value = chunk_done_encode(arena, &done),
        .is_unordered = true, /* the tracker counts each batch once, in any order (ADR 0010) */
        .headers = {{"job-id", batch->origin.job_id},
                    {"tenant", batch->origin.tenant},
                    {"trace-id", batch->origin.trace_id}},
        .weight = (uint32_t)batch->item_count,
    };
}

/* The item alone in a batch of its own, so that an operator can put exactly this item back. */
static struct bus_out dead_letter_of(struct arena *arena, const struct bus_message *message,
                                     const struct search_batch *batch, struct search_item *item,
                                     const char *problem)
{
    struct search_batch alone = *batch;
    struct bus_message part = *message;
    struct err why;

    alone.items = item;
    alone.item_count = 1;
    part.value = search_batch_encode(arena, &alone);
    part.weight = 1;
    memset(part.headers, 0, sizeof(part.headers));
    part.headers[0] = (struct bus_header){"job-id", batch->origin.job_id};
    part.headers[1] = (struct bus_header){"tenant", batch->origin.tenant};
    part.headers[2] = (struct bus_header){"trace-id", batch->origin.trace_id};
    err_set(&why, ERR_INVALID, "%s", problem);
    return dead_letter_compose(
        arena, &(struct dead_letter){
                   .message = &part, .why = &why, .attempts = 1, .group = GROUP_SEARCH_SYNC});
}

static bool add_batch(const struct report *report, size_t number, struct bus_group *group,
                      struct tally *total, struct err *err)
{
    const struct bus_message *message = &report->run->messages[number];
    const struct search_batch *batch = &report->batches[number];
    int64_t timeout_ms = report->sync->publish_timeout_ms;
    struct tally tally = {0};

    for (size_t i = 0; i < batch->item_count; i++) {
        struct search_item *item = &batch->items[i];
        const struct task *task = task_of_item(report->arena, &report->tasks, batch, item);

        if (!task->problem) {
            tally.indexed++;
            continue;
        }
        tally.failed++;
        struct bus_out letter = dead_letter_of(report->arena, message, batch, item, task->problem);
        if (!bus_group_add(group, &letter, timeout_ms, err)) {
            return false;
        }
    }
    struct bus_out progress = progress_of(report->arena, batch, &tally);

    total->indexed += tally.indexed;
    total->failed += tally.failed;
    return bus_group_add(group, &progress, timeout_ms, err);
}

bool report_publish(const struct report *report, struct err *err)
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(report->sync->producer);
    struct tally total = {0};

    for (size_t i = 0; i < report->run->count; i++) {
        if (!add_batch(report, i, group, &total, err)) {
            return false;
        }
    }
    if (!bus_group_wait(group, report->sync->publish_timeout_ms, err)) {
        return false;
    }
    metric_add(&indexed_total, total.indexed);
    metric_add(&failed_total, total.failed);
    dead_letter_count(TOPIC_SEARCH, total.failed);
    return true;
}

bool report_publish_failed(const struct sync *sync, struct arena *arena,
                           const struct search_batch *batch, struct err *err)
{
    const struct tally tally = {.failed = (uint32_t)batch->item_count};
    struct bus_out progress = progress_of(arena, batch, &tally);

    metric_add(&failed_total, tally.failed);
    return bus_publish(sync->producer, &progress, 1, sync->publish_timeout_ms, err);
}
