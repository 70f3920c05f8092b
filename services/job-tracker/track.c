#include "track.h"

#include "announce.h"
#include "base/clock.h"
#include "domain/document.h"
#include "domain/problem.h"
#include "domain/stored.h"
#include "log/log.h"
#include "message/message.h"
#include "message/topics.h"
#include "runtime/metrics.h"
#include "store/batches.h"
#include "store/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPLETED_NAME "consign_jobs_completed_total"
#define COMPLETED_HELP "Jobs that reached their end with an outcome for every row"

#define COUNTER(entity_name)                                                                       \
    {                                                                                              \
        .entity = entity_name, .completed = {                                                      \
            .name = COMPLETED_NAME,                                                                \
            .help = COMPLETED_HELP,                                                                \
            .type = METRIC_COUNTER,                                                                \
            .labels = "entity=\"" entity_name "\""                                                 \
        }                                                                                          \
    }

static struct {
    const char *entity;
    struct metric completed;
} counters[] = {
    COUNTER("products"),
    COUNTER("customers"),
    COUNTER("brands"),
    COUNTER("categories"),
    COUNTER("collections"),
    COUNTER("product_types"),
    COUNTER("synonym_dictionaries"),
};
static struct metric job_seconds = {.name = "consign_job_seconds",
                                    .help = "From a job's first chunk to its last",
                                    .type = METRIC_HISTOGRAM};
static struct metric duplicates = {.name = "consign_progress_duplicates_total",
                                   .help = "Progress messages that had been folded before",
                                   .type = METRIC_COUNTER};

/* What the handling of one run works with. */
struct work {
    struct tracker *tracker;
    struct store_session *session;
    struct arena *arena;
    struct chunk_done *indexed; /* gathered, to be folded at the end of the run */
    size_t indexed_count;
};

static bool text_is(const bson_t *document, const char *path, const char *wanted)
{
    const char *text = document_text(document, path);

    return text && strcmp(text, wanted) == 0;
}

static void count_completed(const bson_t *job)
{
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        if (text_is(job, "entity", counters[i].entity)) {
            metric_add(&counters[i].completed, 1);
        }
    }
    metric_observe_ms(&job_seconds,
                      stored_date(job, "completed_at", 0) - stored_date(job, "started_at", 0));
    log_info("job completed: %lld rows, %lld failed",
             (long long)document_int64(job, "total_rows", 0),
             (long long)document_int64(job, "failed_rows", 0));
}

/* A job that was never accepted has no end that anybody waits for. */
static bool is_announced(const bson_t *job)
{
    return stored_date(job, "announced_at", 0) > 0 || text_is(job, "acceptance", "abandoned");
}

static bool publish(const struct work *work, const bson_t *job, const struct batch_fold *fold,
                    struct err *err)
{
    struct tracker *tracker = work->tracker;
    const struct announcement announcement = {.job = job,
                                              .batch = fold->announce ? fold->batch : NULL};

    return announce(tracker->producer, &announcement, tracker->publish_timeout_ms, err) &&
           (!fold->announce ||
            batches_mark_announced(work->session, fold->batch, clock_now_ms(), err)) &&
           progress_mark_announced(work->session, document_text(job, "_id"), clock_now_ms(), err);
}

/* Folds an ended job into its batch and tells the public, unless that was done. The mark on the job
 * comes last: until it stands, a redelivery does all of this again. */
static bool settle(const struct work *work, const bson_t *job, struct err *err)
{
    struct batch_fold fold = {0};

    if (is_announced(job)) {
        return true;
    }
    if (document_text(job, "batch_id") &&
        !batches_fold(work->session, job, clock_now_ms(), &fold, err)) {
        return false;
    }
    bool ok = publish(work, job, &fold, err);

    bson_destroy(fold.batch);
    return ok;
}

static void complain_unknown(struct tracker *tracker, const char *job_id)
{
    if (strcmp(tracker->unknown_job, job_id) != 0) {
        snprintf(tracker->unknown_job, sizeof(tracker->unknown_job), "%s", job_id);
        log_warn("progress of a job that does not exist is dropped");
    }
}

static bool fold(const struct work *work, const struct chunk_done *done, struct progress *out,
                 struct err *err)
{
    return done->stage == CHUNK_SEALED ? progress_fold_sealed(work->session, done, out, err)
                                       : progress_fold_applied(work->session, done, out, err);
}

/* What brings a job nearer to its end: a chunk that was applied, or the news of how many there are.
 */
static bool track_job(const struct work *work, const struct chunk_done *done, struct err *err)
{
    struct progress progress;
    bool finished = false;

    if (!fold(work, done, &progress, err)) {
        return false;
    }
    if (progress.effect == PROGRESS_UNKNOWN_JOB) {
        complain_unknown(work->tracker, done->origin.job_id);
        return true;
    }
    metric_add(&duplicates, progress.effect == PROGRESS_DUPLICATE);
    /* Also after a duplicate: the tracker may have died between the last chunk and the
     * announcement. */
    bool ok = progress_finish(work->session, &progress.job, &finished, err);
    if (finished) {
        count_completed(progress.job);
    }
    if (ok && text_is(progress.job, "status", "completed")) {
        ok = settle(work, progress.job, err);
    }
    bson_destroy(progress.job);
    return ok;
}

static void set_context(const struct message_origin *origin)
{
    log_set_context(&(struct log_context){
        .job_id = origin->job_id, .tenant = origin->tenant, .trace_id = origin->trace_id});
}

/* `dones` are of one job. */
static bool track_indexed(const struct work *work, const struct chunk_done *dones, size_t count,
                          struct err *err)
{
    struct progress_indexed progress;

    set_context(&dones[0].origin);
    if (!progress_fold_indexed(work->session, dones, count, &progress, err)) {
        return false;
    }
    if (progress.is_unknown_job) {
        complain_unknown(work->tracker, dones[0].origin.job_id);
        return true;
    }
    metric_add(&duplicates, (int64_t)(count - progress.folded));
    return true;
}

/* Fails the job with what is known of it, and tells the public. A job that is not there any more
 * needs no end. */
static bool fail_job(const struct work *work, const struct progress_failure *failure,
                     struct err *err)
{
    AUTO(bson) bson_t *job = NULL;

    if (!progress_fail(work->session, failure, &job, err)) {
        return err->kind == ERR_NOT_FOUND;
    }
    return !text_is(job, "status", "failed") || settle(work, job, err);
}

static bool track_failed(const struct work *work, const struct chunk_done *done, struct err *err)
{
    return fail_job(work,
                    &(struct progress_failure){.job_id = done->origin.job_id,
                                               .code = done->failure_code,
                                               .error = done->failure_error,
                                               .now_ms = clock_now_ms()},
                    err);
}

static int compare_jobs(const void *a, const void *b)
{
    const struct chunk_done *left = a;
    const struct chunk_done *right = b;

    return strcmp(left->origin.job_id, right->origin.job_id);
}

/* Hundreds of batches of a job become searchable at a time: they cost it one update. */
static bool track_all_indexed(const struct work *work, struct err *err)
{
    const struct chunk_done *items = work->indexed;
    bool ok = true;

    qsort(work->indexed, work->indexed_count, sizeof(*items), compare_jobs);
    for (size_t from = 0, to; ok && from < work->indexed_count; from = to) {
        for (to = from + 1; to < work->indexed_count && compare_jobs(&items[from], &items[to]) == 0;
             to++) {
        }
        ok = track_indexed(work, items + from, to - from, err);
    }
    log_clear_context();
    return ok;
}

static bool track_progress(struct work *work, const struct bus_message *message, struct err *err)
{
    struct chunk_done done;

    if (!chunk_done_decode(work->arena, message->value, &done, err)) {
        return false;
    }
    set_context(&done.origin);
    switch (done.stage) {
    case CHUNK_APPLIED:
    case CHUNK_SEALED:
        return track_job(work, &done, err);
    case CHUNK_FAILED:
        return track_failed(work, &done, err);
    case CHUNK_INDEXED:
        work->indexed[work->indexed_count++] = done;
        return true;
    }
    return err_set(err, ERR_INVALID, "unknown stage %d", (int)done.stage);
}

/* A chunk that no importer could apply: its job fails with what is known. */
static bool track_dead_letter(const struct work *work, const struct bus_message *message,
                              struct err *err)
{
    const char *job_id = bus_message_header(message, "job-id");
    const char *why = bus_message_header(message, "dlq-error");
    const char *kind = bus_message_header(message, "dlq-kind");
    bool is_crash = kind && strcmp(kind, DLQ_KIND_CRASHED) == 0;
    const struct progress_letter letter = {message->topic, message->partition, message->offset};
    struct progress_failure failure = {
        .job_id = job_id,
        .code = problem_get(is_crash ? PROBLEM_chunk_crashed : PROBLEM_chunk_unreadable)->code,
        .error = why ? why : "a chunk could not be applied",
        .now_ms = clock_now_ms(),
        .letter = &letter};

    if (!job_id) {
        log_warn("dead letter %s/%d/%lld names no job", message->topic, (int)message->partition,
                 (long long)message->offset);
        return true;
    }
    log_set_context(
        &(struct log_context){.job_id = job_id, .tenant = bus_message_header(message, "tenant")});
    return fail_job(work, &failure, err);
}

bool track_handle(void *ctx, const struct bus_run *run, struct err *err)
{
    struct tracker *tracker = ctx;
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(store_session) struct store_session *session = NULL;
    bool ok = store_session_open(tracker->store, &session, err);
    struct work work = {.tracker = tracker,
                        .session = session,
                        .arena = arena,
                        .indexed = arena_calloc(arena, run->count, sizeof(*work.indexed))};

    for (size_t i = 0; ok && i < run->count; i++) {
        const struct bus_message *message = &run->messages[i];

        ok = strcmp(message->topic, TOPIC_PROGRESS) == 0 ? track_progress(&work, message, err)
                                                         : track_dead_letter(&work, message, err);
        log_clear_context();
    }
    return ok && track_all_indexed(&work, err);
}
