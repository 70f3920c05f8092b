#include "sync.h"

#include "bulk.h"
#include "load.h"
#include "report.h"

#include "log/log.h"

static bool decode_run(struct arena *arena, const struct bus_run *run, struct search_batch **out,
                       struct err *err)
{
    struct search_batch *batches = arena_calloc(arena, run->count, sizeof(*batches));

    for (size_t i = 0; i < run->count; i++) {
        if (!search_batch_decode(arena, run->messages[i].value, &batches[i], err)) {
            return false;
        }
    }
    *out = batches;
    return true;
}

bool sync_handle(void *ctx, const struct bus_run *run, struct err *err)
{
    const struct sync *sync = ctx;
    AUTO(arena) struct arena *arena = arena_new();
    struct report report = {.sync = sync, .arena = arena, .run = run};

    if (!decode_run(arena, run, &report.batches, err)) {
        return false;
    }
    task_list_build(arena, report.batches, run->count, &report.tasks);
    return load_documents(arena, sync->store, &report.tasks, err) &&
           bulk_index(arena, sync->search, &report.tasks, err) && report_publish(&report, err);
}

void sync_dead_letter(void *ctx, const struct bus_message *message, const struct err *why)
{
    const struct sync *sync = ctx;
    AUTO(arena) struct arena *arena = arena_new();
    struct search_batch batch;
    struct err err;

    if (!search_batch_decode(arena, message->value, &batch, &err)) {
        return; /* nobody knows whose batch it was */
    }
    if (!report_publish_failed(sync, arena, &batch, &err)) {
        log_error("job %s is not told that batch %u of chunk %u was given up (%s): %s",
                  batch.origin.job_id, batch.batch, batch.origin.chunk, why->msg, err.msg);
    }
}
