#include "store/progress.h"

#include "domain/document.h"
#include "domain/stored.h"
#include "domain/unknown.h"
#include "message/message.h"

#include <stdio.h>
#include <string.h>

#define JOBS "import_jobs"
#define RECEIPTS "import_receipts"

enum { PATH_SIZE = 32 };

/* "next_chunk.<lane>" */
static const char *lane_path(const char *name, uint32_t lane, char out[PATH_SIZE])
{
    snprintf(out, PATH_SIZE, "%s.%u", name, lane);
    return out;
}

static bool has_status(const bson_t *job, const char *status)
{
    const char *stands = document_text(job, "status");

    return stands && strcmp(stands, status) == 0;
}

/* The next chunk that the job expects of the lane. */
static int64_t next_chunk(const bson_t *job, uint32_t lane)
{
    char path[PATH_SIZE];

    return document_int64(job, lane_path("next_chunk", lane, path), lane);
}

/* ---- applied ---- */

/* A live job takes the chunk it waits for; the first one of a lane also when nothing stands there
 * yet. */
static bson_t *filter_in_order(const struct message_origin *origin)
{
    char path[PATH_SIZE];
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(origin->job_id), "status", "{", "$in", "[",
                              "pending", "processing", "]", "}");

    lane_path("next_chunk", origin->lane, path);
    if (origin->chunk == origin->lane) {
        BCON_APPEND(filter, path, "{", "$in", "[", BCON_INT64(origin->chunk), BCON_NULL, "]", "}");
    } else {
        BCON_APPEND(filter, path, BCON_INT64(origin->chunk));
    }
    return filter;
}

/* A failed job has chunks that never were applied: it takes any newer one, so that its counters say
 * what is known. */
static bson_t *filter_failed(const struct message_origin *origin)
{
    char path[PATH_SIZE];

    return BCON_NEW("_id", BCON_UTF8(origin->job_id), "status", "failed",
                    lane_path("next_chunk", origin->lane, path), "{", "$not", "{", "$gt",
                    BCON_INT64(origin->chunk), "}", "}");
}

static void append_counts(bson_t *update, const struct chunk_counts *counts)
{
    BCON_APPEND(update, "$inc", "{", "done_chunks", BCON_INT64(1), "processed_rows",
                BCON_INT64((int64_t)counts->successful + counts->failed), "successful_rows",
                BCON_INT64(counts->successful), "failed_rows", BCON_INT64(counts->failed),
                "created_rows", BCON_INT64(counts->created), "unchanged_rows",
                BCON_INT64(counts->unchanged), "published_rows", BCON_INT64(counts->published),
                "error_count", BCON_INT64(counts->errors), "warning_count",
                BCON_INT64(counts->warnings), "search_batches", BCON_INT64(counts->search_batches),
                "search_items", BCON_INT64(counts->search_items), "}");
}

/* What a chunk makes of its job. */
struct applied_fold {
    const struct chunk_done *done;
    const char *status;
    const struct name_tally *unknown; /* of the lane, with this chunk's; empty: as it is */
};

static bson_t *update_applied(const struct applied_fold *fold)
{
    const struct chunk_done *done = fold->done;
    const struct message_origin *origin = &done->origin;
    char path[PATH_SIZE];
    bson_t *update =
        BCON_NEW("$min", "{", "started_at", BCON_DATE_TIME(done->started_at_ms), "}", "$max", "{",
                 "last_finished_at", BCON_DATE_TIME(done->finished_at_ms), "}");
    bson_t set;

    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    BSON_APPEND_UTF8(&set, "status", fold->status);
    bson_append_int64(&set, lane_path("next_chunk", origin->lane, path), -1,
                      (int64_t)origin->chunk + origin->lanes);
    if (fold->unknown->count > 0) {
        unknown_append(&set, lane_path("unknown_fields", origin->lane, path), fold->unknown);
    }
    bson_append_document_end(update, &set);
    append_counts(update, &done->counts);
    return update;
}

/*
 * Adds the chunk's unknown fields to those of its lane. Only 50 names are kept, which no update can
 * say, so they are read first. ERR_NOT_FOUND unless the lane waits for this very chunk: then nobody
 * else can fold into it before the guarded update does, or the update meets a newer lane and fails.
 */
static bool add_unknown(struct store_session *session, const struct chunk_done *done,
                        struct name_tally *out, struct err *err)
{
    const struct message_origin *origin = &done->origin;
    AUTO(bson) bson_t *job = NULL;
    char path[PATH_SIZE];

    if (done->unknown.count == 0) {
        return true;
    }
    if (!store_get(session, JOBS, origin->job_id, &job, err)) {
        return false;
    }
    if (next_chunk(job, origin->lane) != origin->chunk) {
        return err_set(err, ERR_NOT_FOUND, "lane %u waits for another chunk", origin->lane);
    }
    unknown_add_stored(out, job, lane_path("unknown_fields", origin->lane, path));
    for (size_t i = 0; i < done->unknown.count; i++) {
        tally_add(out, done->unknown.entries[i].name, done->unknown.entries[i].count);
    }
    return true;
}

/* Both: ERR_NOT_FOUND when the guard held the chunk back. */
static bool fold_in_order(struct store_session *session, const struct chunk_done *done,
                          bson_t **job, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct name_tally unknown = {.arena = arena};

    if (!add_unknown(session, done, &unknown, err)) {
        return false;
    }
    AUTO(bson) bson_t *filter = filter_in_order(&done->origin);
    AUTO(bson)
    bson_t *update = update_applied(&(struct applied_fold){done, "processing", &unknown});

    return store_find_and_update(session, JOBS, filter, update, false, job, err);
}

static bool fold_failed(struct store_session *session, const struct chunk_done *done, bson_t **job,
                        struct err *err)
{
    AUTO(bson) bson_t *filter = filter_failed(&done->origin);
    AUTO(bson)
    bson_t *update =
        update_applied(&(struct applied_fold){done, "failed", &(const struct name_tally){0}});

    return store_find_and_update(session, JOBS, filter, update, false, job, err);
}

static uint32_t receipt_count(const bson_t *receipt, const char *path)
{
    return (uint32_t)document_int64(receipt, path, 0);
}

static struct chunk_done done_from_receipt(struct arena *arena, const struct message_origin *origin,
                                           const bson_t *receipt)
{
    struct name_tally unknown = {.arena = arena};

    unknown_add_stored(&unknown, receipt, "unknown_fields");
    return (struct chunk_done){
        .unknown = unknown,
        .origin = *origin,
        .stage = CHUNK_APPLIED,
        .counts = {.successful = receipt_count(receipt, "counts.successful"),
                   .failed = receipt_count(receipt, "counts.failed"),
                   .created = receipt_count(receipt, "counts.created"),
                   .unchanged = receipt_count(receipt, "counts.unchanged"),
                   .published = receipt_count(receipt, "counts.published"),
                   .errors = receipt_count(receipt, "counts.errors"),
                   .warnings = receipt_count(receipt, "counts.warnings"),
                   .search_batches = receipt_count(receipt, "counts.search_batches"),
                   .search_items = receipt_count(receipt, "counts.search_items")},
        .started_at_ms = stored_date(receipt, "started_at", 0),
        .finished_at_ms = stored_date(receipt, "finished_at", 0)};
}

/* Folds a chunk whose message was lost. That somebody else folds it meanwhile is as good. */
static bool fold_receipt(struct store_session *session, const struct message_origin *origin,
                         struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *receipt = NULL;
    AUTO(bson) bson_t *job = NULL;
    const char *id = ID_JOIN(arena, origin->job_id, arena_printf(arena, "%u", origin->chunk));

    if (!store_get(session, RECEIPTS, id, &receipt, err)) {
        return err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_UNAVAILABLE, "chunk %u of job %s has no receipt yet",
                             origin->chunk, origin->job_id)
                   : false;
    }
    struct chunk_done done = done_from_receipt(arena, origin, receipt);

    return fold_in_order(session, &done, &job, err) || err->kind == ERR_NOT_FOUND;
}

static bool fold_missing(struct store_session *session, const struct message_origin *origin,
                         int64_t from, struct err *err)
{
    struct message_origin missing = *origin;

    for (int64_t chunk = from; chunk < origin->chunk; chunk += origin->lanes) {
        missing.chunk = (uint32_t)chunk;
        if (!fold_receipt(session, &missing, err)) {
            return false;
        }
    }
    return true;
}

/* The guard held the chunk back: finds out why, and folds it if there is a way. */
static bool fold_out_of_order(struct store_session *session, const struct chunk_done *done,
                              struct progress *out, struct err *err)
{
    const struct message_origin *origin = &done->origin;
    AUTO(bson) bson_t *job = NULL;

    if (!store_get(session, JOBS, origin->job_id, &job, err)) {
        out->effect = PROGRESS_UNKNOWN_JOB;
        return err->kind == ERR_NOT_FOUND;
    }
    int64_t expected = next_chunk(job, origin->lane);

    if (expected > origin->chunk || has_status(job, "completed")) {
        out->effect = PROGRESS_DUPLICATE;
        out->job = STEAL(job);
        return true;
    }
    if (origin->chunk >= stored_chunk_end(job, INT64_MAX)) {
        return err_set(err, ERR_INVALID, "job %s has no chunk %u", origin->job_id, origin->chunk);
    }
    if (has_status(job, "failed")) {
        return fold_failed(session, done, &out->job, err);
    }
    return fold_missing(session, origin, expected, err) &&
           fold_in_order(session, done, &out->job, err);
}

bool progress_fold_applied(struct store_session *session, const struct chunk_done *done,
                           struct progress *out, struct err *err)
{
    *out = (struct progress){.effect = PROGRESS_FOLDED};
    if (fold_in_order(session, done, &out->job, err)) {
        return true;
    }
    if (err->kind == ERR_NOT_FOUND && fold_out_of_order(session, done, out, err)) {
        return true;
    }
    return err->kind == ERR_NOT_FOUND
               ? err_set(err, ERR_CONFLICT, "job %s changed meanwhile", done->origin.job_id)
               : false;
}
