#pragma once

#include "domain/request.h"
#include "store/store.h"

#include <stddef.h>
#include <stdint.h>

/* Collections `import_jobs` and `import_errors` (docs/DATA.md) as ingress needs them. Error kinds
 * as in store.h. */

/* ---- acceptance (ADR 0002) ---- */

/* What is fixed about a job before its first chunk is published. */
struct job_new {
    const char *job_id;
    const char *tenant;
    const char *entity;
    const char *entity_id; /* the one entity that is imported; NULL for many */
    const char *channel;   /* "queue", "api" or "file" */
    const struct import_envelope *envelope;
    bool is_open;      /* its end is not known yet: CHUNK_SEALED will tell the two totals */
    size_t total_rows; /* not of an open job */
    size_t total_chunks;
    uint32_t lanes;
    const bson_t *file;  /* what it reads: {key, name, size, format, store}; NULL: nothing */
    uint64_t plan;       /* fingerprint of the way the rows were cut */
    struct str settings; /* BSON that travels in every chunk */
    const char *trace_id;
    int64_t now_ms;
};

/* Inserts it as "accepting" and "pending". ERR_CONFLICT when the id exists. */
bool jobs_insert(struct store_session *session, const struct job_new *job,
                 struct err *err) MUST_USE;

enum job_acceptance { JOB_ACCEPTING, JOB_ACCEPTED, JOB_ABANDONED };

enum job_acceptance job_acceptance(const bson_t *job);

struct job_settlement {
    const char *job_id;
    enum job_acceptance wanted; /* JOB_ACCEPTED or JOB_ABANDONED */
    const char *code;           /* why it is abandoned, of the catalogue */
    const char *error;
    int64_t now_ms;
};

/* Ends the accepting of a job, once: whoever comes second learns in *stands what the first decided.
 * ERR_NOT_FOUND. */
bool jobs_settle(struct store_session *session, const struct job_settlement *settlement,
                 enum job_acceptance *stands, struct err *err) MUST_USE;

/* Counts the time of a job that is accepting anew from `now_ms`. *out is the job as it stands
 * afterwards; the caller destroys it. One that was accepted or abandoned stays so: importers have
 * dropped chunks of an abandoned job, and would take later ones without them. ERR_NOT_FOUND. */
bool jobs_resume(struct store_session *session, const char *job_id, int64_t now_ms, bson_t **out,
                 struct err *err) MUST_USE;

/* Gives up the jobs that have been accepting since before `before_ms`: their ingress died and
 * nobody came back for them. *count says how many. */
bool jobs_abandon_stale(struct store_session *session, int64_t before_ms, int64_t now_ms,
                        size_t *count, struct err *err) MUST_USE;

/* ---- reading ---- */

/* ERR_NOT_FOUND also for another tenant's job. The caller destroys *out. */
bool jobs_get(struct store_session *session, const char *tenant, const char *job_id, bson_t **out,
              struct err *err) MUST_USE;

/* Calls `each` for those of the jobs that have ended, in no order. */
bool jobs_find_ended(struct store_session *session, const char *const *ids, size_t count,
                     store_each_fn each, void *ctx, struct err *err) MUST_USE;

/* NULL fields match everything. */
struct jobs_query {
    const char *tenant;
    const char *entity;
    const char *status;
    const char *batch_id;
    int64_t before_ms; /* with before_id: only jobs older than this one; 0: from the newest */
    const char *before_id;
    int64_t limit;
};

/* Calls `each` for the tenant's jobs, newest first. */
bool jobs_find(struct store_session *session, const struct jobs_query *query, store_each_fn each,
               void *ctx, struct err *err) MUST_USE;

/* Counts by tenant, entity and status. */
bool jobs_count(struct store_session *session, const struct jobs_query *query, int64_t *out,
                struct err *err) MUST_USE;

/* Counts the tenant's jobs that have not ended. */
bool jobs_count_open(struct store_session *session, const char *tenant, int64_t *out,
                     struct err *err) MUST_USE;

struct job_rows_query {
    const char *job_id;
    const char *severity; /* "error" or "warning" */
    int64_t after_row;    /* only rows behind this one; -1: from the first */
    int64_t limit;        /* rows */
};

/* Calls `each` for the rows that have findings of this severity, in row order. */
bool jobs_find_rows(struct store_session *session, const struct job_rows_query *query,
                    store_each_fn each, void *ctx, struct err *err) MUST_USE;
