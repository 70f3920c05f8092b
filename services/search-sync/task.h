#pragma once

#include "base/mem.h"
#include "message/message.h"

#include <bson/bson.h>
#include <stdint.h>

/* One document to index, however many items of a run name it. */
struct task {
    const char *entity;
    const char *tenant;
    const char *code;
    const char *id;  /* _id of the current document */
    bson_t *body;    /* NULL until it was read */
    int64_t version; /* of the body */
    bool is_indexed;
    const char *problem; /* why it can never be indexed, NULL while nothing is known against it */
};

/* Tasks in order of entity and id, each once. */
struct task_list {
    struct task *items;
    size_t count;
};

/* All memory belongs to the arena; the texts of the batches are borrowed. */
void task_list_build(struct arena *arena, const struct search_batch *batches, size_t count,
                     struct task_list *out);

/* The task with this id; NULL when there is none. */
struct task *task_find(const struct task_list *tasks, const char *entity, const char *id);

/* The task of a batch's item, which is one of those the list was built from. */
struct task *task_of_item(struct arena *arena, const struct task_list *tasks,
                          const struct search_batch *batch, const struct search_item *item);
