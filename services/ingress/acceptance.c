#include "acceptance.h"

#include "reply.h"
#include "upload.h"

#include "base/clock.h"
#include "bus/bus.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "log/log.h"
#include "message/message.h"
#include "runtime/metrics.h"
#include "store/jobs.h"

#include <stdio.h>

/* A failed settling leaves the partner without an answer to "was it taken?", so it is tried more
 * than once. */
enum { SETTLE_TRIES = 3 };

static struct metric rows_accepted = {
    .name = "consign_rows_accepted_total", .help = "Rows of accepted jobs", .type = METRIC_COUNTER};

static bool insert_job(struct call *call, const struct submission *submission, const char *job_id,
                       struct err *err)
{
    AUTO(bson)
    bson_t *file = submission->upload ? upload_describe(submission->upload, job_id) : NULL;
    struct job_new job = {.job_id = job_id,
                          .tenant = call->who.tenant,
                          .entity = submission->kind->entity->name,
                          .entity_id = submission->kind->entity_id,
                          .channel = submission->kind->channel,
                          .envelope = &submission->envelope,
                          .is_open = submission->kind->entity_id || submission->upload,
                          .file = file,
                          .total_rows = submission->row_count,
                          .total_chunks = submission->plan.span_count,
                          .lanes = submission->lanes,
                          .plan = submission->plan.fingerprint,
                          .settings = submission->settings,
                          .trace_id = call->trace_id,
                          .now_ms = call->now_ms};

    return jobs_insert(call->session, &job, err);
}

static struct message_row make_row(struct call *call, const struct json_row *row, uint32_t index)
{
    struct message_row out = {.index = index};

    if (row->bson) {
        out.bson = (struct str){(const char *)row->bson, row->size};
    } else {
        out.refused_code = "row_too_large";
        out.refused_reason = arena_printf(call->arena, "the row has more than %lld bytes",
                                          (long long)call->app->config->max_row_bytes);
    }
    return out;
}

/*
 * The frame that chunker_frame put around the listed products of an entity: first the entity
 * itself, then they, at last the search for those that embed it already. Only its end is not known.
 */
static void frame_chunk(const struct submission *submission, const struct chunk_span *span,
                        struct arena *arena, struct import_chunk *chunk)
{
    const struct import_kind *kind = submission->kind;
    struct chunk_embed embed = {kind->entity->name, kind->entity_id};
    struct chunk_scan scan = {"", (uint32_t)submission->row_count};

    if (!kind->entity_id || span->number == 0) {
        return;
    }
    chunk->origin.entity = entity_products.name;
    chunk->embed = arena_memdup(arena, &embed, sizeof(embed));
    if (span->count == 0) {
        chunk->scan = arena_memdup(arena, &scan, sizeof(scan));
    }
}

static struct str encode_chunk(struct call *call, const struct submission *submission,
                               const struct chunk_span *span, const char *job_id,
                               struct arena *arena)
{
    struct import_chunk chunk = {.origin = {.job_id = job_id,
                                            .tenant = call->who.tenant,
                                            .entity = submission->kind->entity->name,
                                            .chunk = span->number,
                                            .lane = span->lane,
                                            .lanes = submission->lanes,
                                            .trace_id = call->trace_id},
                                 .settings = submission->settings,
                                 .rows = arena_calloc(arena, span->count, sizeof(*chunk.rows)),
                                 .row_count = span->count};

    for (size_t i = 0; i < span->count; i++) {
        uint32_t index = submission->plan.order[span->first + i];

        chunk.rows[i] = make_row(call, &submission->rows[index], index);
    }
    frame_chunk(submission, span, arena, &chunk);
    return import_chunk_encode(arena, &chunk);
}

static int64_t time_left_ms(int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - clock_monotonic_ms();

    return left_ms > 0 ? left_ms : 0;
}

/* One chunk is encoded at a time: the bus holds the copies, and its queue is bounded. */
static bool publish_chunks(struct call *call, const struct submission *submission,
                           const char *job_id, struct err *err)
{
    AUTO(bus_group) struct bus_group *group = bus_group_new(call->app->producer);
    AUTO(arena) struct arena *arena = arena_new();
    int64_t deadline_ms = clock_monotonic_ms() + call->app->config->publish_timeout_ms;

    for (size_t i = 0; i < submission->plan.span_count; i++) {
        const struct chunk_span *span = &submission->plan.spans[i];
        const char *lane = arena_printf(arena, "%u", span->lane);
        struct bus_out message = {
            .topic = submission->kind->topic,
            .key = ID_JOIN(arena, call->who.tenant, lane),
            .value = encode_chunk(call, submission, span, job_id, arena),
            .headers = {{"job-id", job_id},
                        {"tenant", call->who.tenant},
                        {"trace-id", call->trace_id}},
            .weight = (uint32_t)span->count,
        };

        if (!bus_group_add(group, &message, time_left_ms(deadline_ms), err)) {
            return false;
        }
        arena_reset(arena);
    }
    return bus_group_wait(group, time_left_ms(deadline_ms), err);
}

/* The rows, or the file that holds them. */
static bool publish(struct call *call, const struct submission *submission, const char *job_id,
                    struct err *err)
{
    return submission->upload ? upload_announce(call, submission, job_id, err)
                              : publish_chunks(call, submission, job_id, err);
}

static bool settle(struct call *call, const char *job_id, enum job_acceptance wanted,
                   enum job_acceptance *stands, struct err *err)
{
    struct job_settlement settlement = {.job_id = job_id,
                                        .wanted = wanted,
                                        .code = "unavailable",
                                        .error = "the rows could not be queued; send them again",
                                        .now_ms = clock_now_ms()};

    for (int i = 0; i < SETTLE_TRIES; i++) {
        if (jobs_settle(call->session, &settlement, stands, err)) {
            return true;
        }
        log_warn("settling the job: %s", err->msg);
    }
    return false;
}

static bool publish_and_settle(struct call *call, struct submission *submission, const char *job_id,
                               struct request_fault *fault)
{
    enum job_acceptance wanted = JOB_ACCEPTED;
    enum job_acceptance stands;
    struct err err;

    if (!publish(call, submission, job_id, &err)) {
        log_warn("publishing the job: %s", err.msg);
        wanted = JOB_ABANDONED;
    }
    submission->is_unsettled = !settle(call, job_id, wanted, &stands, &err);
    if (submission->is_unsettled) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    if (stands != JOB_ACCEPTED) {
        return request_refuse(fault, PROBLEM_unavailable, "%s", "");
    }
    metric_add(&rows_accepted, (int64_t)submission->row_count);
    return true;
}

static bool keep_file(struct call *call, const struct submission *submission, const char *job_id,
                      struct request_fault *fault)
{
    return !submission->upload || upload_keep(call, submission->upload, job_id, fault);
}

bool acceptance_commit(struct call *call, struct submission *submission, const char *job_id,
                       struct request_fault *fault)
{
    struct err err;

    if (!intake_prepare(call, submission, fault) || !keep_file(call, submission, job_id, fault)) {
        return false;
    }
    if (!insert_job(call, submission, job_id, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    return publish_and_settle(call, submission, job_id, fault);
}

/*
 * Chunks of the first try may be in Kafka already, and whichever copy comes first is applied. So
 * the second try must cut the same rows the same way, whatever was changed in the source, the
 * tenant or our configuration meanwhile.
 */
static bool adopt_first_try(struct call *call, const bson_t *job, struct submission *submission,
                            struct request_fault *fault)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    uint32_t length;
    const uint8_t *data;
    enum job_acceptance stands;
    struct err err;

    if (!bson_iter_init_find(&iter, job, "settings") || !BSON_ITER_HOLDS_BINARY(&iter)) {
        return request_refuse(fault, PROBLEM_internal, "%s", "");
    }
    bson_iter_binary(&iter, &subtype, &length, &data);
    submission->settings = (struct str){arena_memdup(call->arena, data, length), length};
    submission->lanes = (uint32_t)document_int64(job, "lanes", 1);
    if (submission->upload && !blob_store_of_job(job, &submission->upload->store, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    if (!intake_cut(call, submission, fault)) {
        return false;
    }
    if (document_int64(job, "plan", 0) == (int64_t)submission->plan.fingerprint) {
        return true;
    }
    log_warn("the limits of chunks were changed while a request was repeated: its job is given up");
    if (!settle(call, document_text(job, "_id"), JOB_ABANDONED, &stands, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    submission->is_unsettled = stands == JOB_ACCEPTED;
    return request_refuse(fault, PROBLEM_unavailable, "%s", "");
}

bool acceptance_resume(struct call *call, struct submission *submission, const char *job_id,
                       struct request_fault *fault)
{
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    /* Whatever fails before its settling: the first request may have been accepted, or may yet be.
     * Its key must not be free for another job. */
    submission->is_unsettled = true;
    if (!jobs_resume(call->session, job_id, call->now_ms, &job, &err)) {
        /* The first request died before it had inserted its job. */
        return err.kind == ERR_NOT_FOUND ? acceptance_commit(call, submission, job_id, fault)
                                         : refuse_error(fault, &err, PROBLEM_internal);
    }
    switch (job_acceptance(job)) {
    case JOB_ACCEPTED:
        return true;
    case JOB_ABANDONED:
        submission->is_unsettled = false;
        return request_refuse(fault, PROBLEM_unavailable, "%s", "");
    case JOB_ACCEPTING:
        break;
    }
    return adopt_first_try(call, job, submission, fault) &&
           keep_file(call, submission, job_id, fault) &&
           publish_and_settle(call, submission, job_id, fault);
}
