#include "task.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const struct task *left = a;
    const struct task *right = b;
    int order = strcmp(left->entity, right->entity);

    return order ? order : strcmp(left->id, right->id);
}

static size_t drop_repeated(struct task *items, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || compare(&items[kept - 1], &items[i]) != 0) {
            items[kept++] = items[i];
        }
    }
    return kept;
}

void task_list_build(struct arena *arena, const struct search_batch *batches, size_t count,
                     struct task_list *out)
{
    struct task *items = arena_calloc(arena, count * SEARCH_BATCH_ITEMS, sizeof(*items));
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        const struct message_origin *origin = &batches[i].origin;

        for (size_t j = 0; j < batches[i].item_count; j++) {
            const char *code = batches[i].items[j].code;

            items[n++] = (struct task){
                .entity = origin->entity,
                .tenant = origin->tenant,
                .code = code,
                .id = ID_JOIN(arena, origin->tenant, code),
            };
        }
    }
    qsort(items, n, sizeof(*items), compare);
    *out = (struct task_list){items, drop_repeated(items, n)};
}

struct task *task_find(const struct task_list *tasks, const char *entity, const char *id)
{
    struct task key = {.entity = entity, .id = id};

    return bsearch(&key, tasks->items, tasks->count, sizeof(key), compare);
}

struct task *task_of_item(struct arena *arena, const struct task_list *tasks,
                          const struct search_batch *batch, const struct search_item *item)
{
    return task_find(tasks, batch->origin.entity, ID_JOIN(arena, batch->origin.tenant, item->code));
}
