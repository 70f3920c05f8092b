#include "load.h"

#include "search/projection.h"
#include "store/store.h"

#include <string.h>

struct load {
    struct arena *arena;
    const struct task_list *tasks;
    const char *entity;
};

static void release_bson(void *document)
{
    bson_destroy(document);
}

static bool keep_projection(void *ctx, const bson_t *document)
{
    const struct load *load = ctx;
    bson_iter_t id;
    bson_iter_t version;

    if (bson_iter_init_find(&id, document, "_id") && BSON_ITER_HOLDS_UTF8(&id) &&
        bson_iter_init_find(&version, document, "version")) {
        struct task *task = task_find(load->tasks, load->entity, bson_iter_utf8(&id, NULL));

        if (task) {
            task->body = projection_new(load->entity, document);
            task->version = bson_iter_as_int64(&version);
            arena_defer(load->arena, release_bson, task->body);
        }
    }
    return true;
}

/* Tasks are in order of entity, so each entity's are one span and one query. */
static bool load_bodies(struct arena *arena, struct store *store, const struct task_list *tasks,
                        struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    const char **ids = arena_calloc(arena, tasks->count, sizeof(*ids));

    if (!store_session_open(store, &session, err)) {
        return false;
    }
    for (size_t from = 0, to; from < tasks->count; from = to) {
        struct load load = {arena, tasks, tasks->items[from].entity};

        for (to = from; to < tasks->count && strcmp(tasks->items[to].entity, load.entity) == 0;
             to++) {
            ids[to] = tasks->items[to].id;
        }
        if (!store_find_ids(session, load.entity, ids + from, to - from, keep_projection, &load,
                            err)) {
            return false;
        }
    }
    return true;
}

/* Nothing ever deletes a current document, and a batch is published after its documents were
 * committed. One that is not there was taken out by hand: its row is not searchable, and the dead
 * letter says so. */
static void refuse_missing(const struct task_list *tasks)
{
    for (size_t i = 0; i < tasks->count; i++) {
        if (!tasks->items[i].body) {
            tasks->items[i].problem = "there is no current document";
        }
    }
}

bool load_documents(struct arena *arena, struct store *store, const struct task_list *tasks,
                    struct err *err)
{
    if (!load_bodies(arena, store, tasks, err)) {
        return false;
    }
    refuse_missing(tasks);
    return true;
}
