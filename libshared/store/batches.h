#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Folding of finished jobs into `import_batches`, and reading a batch back. */

/* The caller destroys `batch`, the document after the fold. */
struct batch_fold {
    bson_t *batch;
    /* The caller must publish the batch's completion now and call batches_mark_announced: this call
     * completed the batch, or an earlier one for the same job may have died before it did so. */
    bool announce;
};

/* Folds a completed or failed job, given as its document, into the batch it names: once, however
 * often and by however many trackers it is called. ERR_CONFLICT: call again at once. */
bool batches_fold(struct store_session *session, const bson_t *job, int64_t now_ms,
                  struct batch_fold *out, struct err *err) MUST_USE;

bool batches_mark_announced(struct store_session *session, const bson_t *batch, int64_t now_ms,
                            struct err *err) MUST_USE;

/* What batch_summarise (domain/batch.h) needs to know of a batch. */
struct batch_records {
    const bson_t *batch; /* NULL when no job of it has ended yet */
    const bson_t **jobs; /* all jobs of it, reduced to the fields that a summary shows */
    size_t job_count;
};

/* Reads them; all memory belongs to the arena. ERR_NOT_FOUND when the tenant has no such batch. */
bool batches_load(struct store_session *session, struct arena *arena, const char *tenant,
                  const char *batch_id, struct batch_records *out, struct err *err) MUST_USE;
