#include "store/progress.h"

#include "domain/document.h"
#include "domain/stored.h"
#include "message/message.h"

#include <string.h>

/* How a job comes to its end. */

#define JOBS "import_jobs"

static bson_t *update_sealed(const struct chunk_done *done)
{
    bson_t *update =
        BCON_NEW("$min", "{", "started_at", BCON_DATE_TIME(done->started_at_ms), "}", "$max", "{",
                 "last_finished_at", BCON_DATE_TIME(done->finished_at_ms), "}");
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "status", "processing");
    BSON_APPEND_INT64(&set, "total_chunks", done->total_chunks);
    if (done->total_rows > 0) {
        BSON_APPEND_INT64(&set, "total_rows", done->total_rows);
    }
    bson_append_document_end(update, &set);
    return update;
}

/* No place in a lane is needed: only one message ever finds the total missing. */
bool progress_fold_sealed(struct store_session *session, const struct chunk_done *done,
                          struct progress *out, struct err *err)
{
    const char *id = done->origin.job_id;
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(id), "total_chunks", BCON_NULL, "status", "{", "$in",
                              "[", "pending", "processing", "]", "}");
    AUTO(bson) bson_t *update = update_sealed(done);

    *out = (struct progress){.effect = PROGRESS_FOLDED};
    if (store_find_and_update(session, JOBS, filter, update, false, &out->job, err)) {
        return true;
    }
    if (err->kind != ERR_NOT_FOUND) {
        return false;
    }
    out->effect = PROGRESS_DUPLICATE;
    if (store_get(session, JOBS, id, &out->job, err)) {
        return true;
    }
    out->effect = PROGRESS_UNKNOWN_JOB;
    return err->kind == ERR_NOT_FOUND;
}

static bool is_processing(const bson_t *job)
{
    const char *status = document_text(job, "status");

    return status && strcmp(status, "processing") == 0;
}

static double seconds_between(int64_t from_ms, int64_t to_ms)
{
    return (double)(to_ms > from_ms ? to_ms - from_ms : 0) / 1000;
}

bool progress_finish(struct store_session *session, bson_t **job, bool *finished, struct err *err)
{
    const char *id = document_text(*job, "_id");
    int64_t done = document_int64(*job, "done_chunks", 0);
    int64_t started_at = stored_date(*job, "started_at", 0);
    int64_t ended_at = stored_date(*job, "last_finished_at", started_at);
    bson_t *after = NULL;

    *finished = false;
    if (!is_processing(*job) || done != document_int64(*job, "total_chunks", -1)) {
        return true;
    }
    AUTO(bson)
    bson_t *filter =
        BCON_NEW("_id", BCON_UTF8(id), "status", "processing", "done_chunks", BCON_INT64(done));
    AUTO(bson)
    bson_t *update =
        BCON_NEW("$set", "{", "status", "completed", "total_rows",
                 BCON_INT64(stored_total_rows(*job)), "completed_at", BCON_DATE_TIME(ended_at),
                 "duration_seconds", BCON_DOUBLE(seconds_between(started_at, ended_at)), "}");

    *finished = store_find_and_update(session, JOBS, filter, update, false, &after, err);
    if (!*finished && (err->kind != ERR_NOT_FOUND || !store_get(session, JOBS, id, &after, err))) {
        return false;
    }
    bson_destroy(*job);
    *job = after;
    return true;
}

/* Whoever failed the job may have left the time of its end to the tracker. */
static bool end_failed(struct store_session *session, const char *job_id, int64_t now_ms,
                       struct err *err)
{
    AUTO(bson)
    bson_t *filter =
        BCON_NEW("_id", BCON_UTF8(job_id), "status", "failed", "completed_at", BCON_NULL);
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "completed_at", BCON_DATE_TIME(now_ms), "}");

    return store_update(session, JOBS, filter, update, false, NULL, err);
}

/* Whoever failed the job could not know yet where the letter would stand. */
static bool tell_letter(struct store_session *session, const struct progress_failure *failure,
                        struct err *err)
{
    const struct progress_letter *letter = failure->letter;

    if (!letter) {
        return true;
    }
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(failure->job_id), "status", "failed", "failure.dlq",
                              "{", "$exists", BCON_BOOL(false), "}");
    AUTO(bson)
    bson_t *update =
        BCON_NEW("$set", "{", "failure.dlq", "{", "topic", BCON_UTF8(letter->topic), "partition",
                 BCON_INT32(letter->partition), "offset", BCON_INT64(letter->offset), "}", "}");

    return store_update(session, JOBS, filter, update, false, NULL, err);
}

bool progress_fail(struct store_session *session, const struct progress_failure *failure,
                   bson_t **job, struct err *err)
{
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(failure->job_id), "status", "{", "$in", "[",
                              "pending", "processing", "]", "}");
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "status", "failed", "failure", "{", "code",
                              BCON_UTF8(failure->code), "error", BCON_UTF8(failure->error), "}",
                              "completed_at", BCON_DATE_TIME(failure->now_ms), "}");

    return store_update(session, JOBS, filter, update, false, NULL, err) &&
           end_failed(session, failure->job_id, failure->now_ms, err) &&
           tell_letter(session, failure, err) &&
           store_get(session, JOBS, failure->job_id, job, err);
}

bool progress_mark_announced(struct store_session *session, const char *job_id, int64_t now_ms,
                             struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(job_id));
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "announced_at", BCON_DATE_TIME(now_ms), "}");

    return store_update(session, JOBS, filter, update, false, NULL, err);
}
