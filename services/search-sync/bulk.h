#pragma once

#include "base/err.h"
#include "task.h"

struct search;

/* Indexes the document of each task that has no problem yet: afterwards it is indexed or has a
 * problem. ERR_UNAVAILABLE while the server puts documents off; what got through is kept by the
 * index, and indexing it again is harmless. */
bool bulk_index(struct arena *arena, struct search *search, const struct task_list *tasks,
                struct err *err) MUST_USE;
