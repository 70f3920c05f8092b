#pragma once

#include "base/mem.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Internal to domain/batch*.c: the jobs of a batch in the form that totals and summary are computed
 * from. */

/* One job, read from the batch document or from the job's own. Text is borrowed. */
struct member {
    const char *job_id;
    const char *status;
    int64_t part; /* 0: none */
    int64_t total;
    int64_t processed;
    int64_t successful;
    int64_t failed;
    int64_t completed_at_ms; /* 0: not ended */
    bool folded;             /* read from the batch document, which wins over the job's own */
    bool counts;             /* the newest of its part, or without a part */
};

struct members {
    struct member *items;
    size_t count;
};

/* All jobs that are known of a batch, each once, by part and age. `batch` may be NULL. */
struct members members_collect(struct arena *arena, const bson_t *batch, const bson_t *const *jobs,
                               size_t job_count);

bool member_is_completed(const struct member *member);
bool member_is_under_way(const struct member *member);
