#include "sync.h"

#include "bulk.h"
#include "load.h"
#include "report.h"

#include "runtime/dead_letter.h"

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

bool sync_give_up(void *ctx, const struct dead_letter *letter, struct err *err)
{
    const struct sync *sync = ctx;
    AUTO(arena) struct arena *arena = arena_new();
    struct search_batch batch;

    if (!search_batch_decode(arena, letter->message->value, &batch, err)) {
        return true; /* nobody knows whose batch it was */
    }
    return report_publish_failed(sync, arena, &batch, err);
}
