#pragma once

#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Folding of progress messages into `import_jobs`. Each call is safe to repeat: what was folded is
 * not folded again. */

struct chunk_done;
struct message_origin;

enum progress_effect {
    PROGRESS_FOLDED,      /* the message changed the job */
    PROGRESS_DUPLICATE,   /* it had been folded before */
    PROGRESS_UNKNOWN_JOB, /* there is no such job (any more) */
};

/* The caller destroys `job`, the document after the fold; NULL for an unknown job. */
struct progress {
    enum progress_effect effect;
    bson_t *job;
};

/*
 * Folds CHUNK_APPLIED: one single-document update, guarded by the chunk number that its lane waits
 * for. When messages before this one are missing, their chunks are folded from the receipts first.
 * ERR_UNAVAILABLE when a chunk before it has left no receipt: chunks are never skipped, except in a
 * job that has failed.
 */
bool progress_fold_applied(struct store_session *session, const struct chunk_done *done,
                           struct progress *out, struct err *err) MUST_USE;

/*
 * Folds CHUNK_INDEXED messages of one job, at least one, in any order and in one update: each
 * (chunk, batch) counts once, for as long as the job is kept. Never touches the status.
 * ERR_INVALID: the job has no such batch, and none of the messages counts. ERR_CONFLICT: somebody
 * else folds; again.
 */
struct progress_indexed {
    size_t folded; /* messages that had not been counted before */
    bool is_unknown_job;
};
bool progress_fold_indexed(struct store_session *session, const struct chunk_done *dones,
                           size_t count, struct progress_indexed *out, struct err *err) MUST_USE;

/*
 * Folds CHUNK_SEALED: says how many chunks and rows an open job has. Before or after any of its
 * chunks; a job whose total is known keeps it. Effects and error kinds as in progress_fold_applied,
 * but it waits for nothing.
 */
bool progress_fold_sealed(struct store_session *session, const struct chunk_done *done,
                          struct progress *out, struct err *err) MUST_USE;

/* Where the dead letter stands that a job failed for. */
struct progress_letter {
    const char *topic;
    int32_t partition;
    int64_t offset;
};

/* Fails a job that has no end yet because rows of it could not be tried; *job is the document
 * afterwards. `code` is one of the catalogue. A job that failed before
 * stays as it is, but learns the place of its first letter. ERR_NOT_FOUND for an unknown job. */
struct progress_failure {
    const char *job_id;
    const char *code;
    const char *error;
    int64_t now_ms;
    const struct progress_letter *letter; /* NULL: none, or not known yet */
};
bool progress_fail(struct store_session *session, const struct progress_failure *failure,
                   bson_t **job, struct err *err) MUST_USE;

/* When all chunks of the processing job *job are in, completes it and puts the new document in
 * *job; a total of rows that nobody told is the sum of the chunks' then. *finished says whether
 * this very call did; several trackers may try, one does. */
bool progress_finish(struct store_session *session, bson_t **job, bool *finished,
                     struct err *err) MUST_USE;

/* Notes when the job's completion event was acknowledged. */
bool progress_mark_announced(struct store_session *session, const char *job_id, int64_t now_ms,
                             struct err *err) MUST_USE;
