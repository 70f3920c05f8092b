#pragma once

#include "base/err.h"
#include "task.h"

struct store;

/* Reads the current document of each task and keeps what is to be searched of it, in the arena. A
 * task without a document gets a problem. Error kinds as in store.h. */
bool load_documents(struct arena *arena, struct store *store, const struct task_list *tasks,
                    struct err *err) MUST_USE;
