#include "bulk.h"

#include "base/clock.h"
#include "runtime/metrics.h"
#include "search/search.h"

static struct metric bulk_seconds = {.name = "consign_search_bulk_seconds",
                                     .help = "Time OpenSearch takes to index one run",
                                     .type = METRIC_HISTOGRAM};

struct bulk {
    struct task **tasks;
    struct search_document *documents;
    struct search_result *results;
    size_t count;
};

static void collect_open(const struct task_list *tasks, struct bulk *bulk)
{
    bulk->count = 0;
    for (size_t i = 0; i < tasks->count; i++) {
        struct task *task = &tasks->items[i];

        if (!task->is_indexed && !task->problem) {
            bulk->tasks[bulk->count] = task;
            bulk->documents[bulk->count++] = (struct search_document){
                .entity = task->entity,
                .tenant = task->tenant,
                .code = task->code,
                .version = task->version,
                .body = task->body,
            };
        }
    }
}

/* Writes the outcomes down; false when every document was put off, with the first one's reason. */
static bool settle(struct arena *arena, const struct bulk *bulk, struct err *err)
{
    size_t put_off = 0;

    for (size_t i = 0; i < bulk->count; i++) {
        const struct search_result *result = &bulk->results[i];

        switch (result->outcome) {
        case SEARCH_STORED:
            bulk->tasks[i]->is_indexed = true;
            break;
        case SEARCH_REFUSED:
            bulk->tasks[i]->problem = arena_strdup(arena, result->reason);
            break;
        case SEARCH_RETRY:
            put_off++;
            break;
        }
    }
    return put_off < bulk->count ||
           err_set(err, ERR_UNAVAILABLE, "OpenSearch puts off %zu items: %s", put_off,
                   bulk->results[0].reason);
}

/* Items that are put off are sent again as long as others get through, so that a busy server makes
 * requests smaller. */
bool bulk_index(struct arena *arena, struct search *search, const struct task_list *tasks,
                struct err *err)
{
    struct bulk bulk = {
        .tasks = arena_calloc(arena, tasks->count, sizeof(struct task *)),
        .documents = arena_calloc(arena, tasks->count, sizeof(struct search_document)),
        .results = arena_calloc(arena, tasks->count, sizeof(struct search_result)),
    };

    for (collect_open(tasks, &bulk); bulk.count > 0; collect_open(tasks, &bulk)) {
        int64_t started_ms = clock_monotonic_ms();

        if (!search_bulk_index(search, bulk.documents, bulk.count, bulk.results, err)) {
            return false;
        }
        metric_observe_ms(&bulk_seconds, clock_monotonic_ms() - started_ms);
        if (!settle(arena, &bulk, err)) {
            return false;
        }
    }
    return true;
}
