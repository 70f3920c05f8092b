#include "jobs.h"

#include "findings.h"
#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"
#include "upload.h"

#include "domain/answer.h"
#include "domain/array.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/stored.h"
#include "store/jobs.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_PENDING = 10,
    QUEUE_PROCESSING = 5,
    DEFAULT_LIMIT = 20,
    MAX_LIMIT = 100,
};

/* ---- one job ---- */

static enum jobs_family family_of(const bson_t *job)
{
    const char *entity = document_text(job, "entity");

    return entity && strcmp(entity, entity_customers.name) == 0 ? JOBS_CUSTOMERS : JOBS_PIM;
}

bool jobs_load(struct call *call, enum jobs_family family, bson_t **out,
               struct request_fault *fault)
{
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    if (!jobs_get(call->session, call->who.tenant, params_path(call, 0), &job, &err)) {
        return refuse_error(fault, &err, PROBLEM_job_not_found);
    }
    if (family_of(job) != family) {
        return request_refuse(fault, PROBLEM_job_not_found, "%s", "");
    }
    *out = STEAL(job);
    return true;
}

static void append_file_url(bson_t *out, struct call *call, const bson_t *job)
{
    const char *url = upload_link_of_job(call, job);

    if (url) {
        bson_append_utf8(out, "file_url", -1, url, -1);
    }
}

static void show_job(struct call *call, enum jobs_family family)
{
    AUTO(bson) bson_t *job = NULL;
    AUTO(bson) bson_t *out = BCON_NEW("success", BCON_BOOL(true));
    struct request_fault fault;
    struct err err;
    bson_t shown;

    if (!jobs_load(call, family, &job, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "job", &shown);
    answer_append_job(&shown, job, call->now_ms);
    append_file_url(&shown, call, job);
    bool ok = findings_append(call->session, job, "error", "import_errors", &shown, &err) &&
              findings_append(call->session, job, "warning", "import_warnings", &shown, &err);
    bson_append_document_end(out, &shown);
    if (ok) {
        reply_document(call->reply, 200, out);
    } else {
        reply_error(call->reply, &err, PROBLEM_internal);
    }
}

void jobs_show_customers(struct call *call)
{
    show_job(call, JOBS_CUSTOMERS);
}

void jobs_show_pim(struct call *call)
{
    show_job(call, JOBS_PIM);
}

/* ---- lists ---- */

struct job_list {
    struct array array;
    int64_t now_ms;
    void (*append)(bson_t *out, const bson_t *job, int64_t now_ms);
    int64_t last_created_ms;
    char *last_id;
    struct arena *arena;
};

static bool list_job(void *ctx, const bson_t *job)
{
    struct job_list *list = ctx;
    bson_t item;

    array_begin_document(&list->array, &item);
    list->append(&item, job, list->now_ms);
    array_end_document(&list->array, &item);
    list->last_created_ms = stored_date(job, "created_at", 0);
    list->last_id = arena_strdup(list->arena, document_text(job, "_id"));
    return true;
}

/* A cursor is "<created_at in ms>.<job id>" of the last job that was shown. */
static bool read_cursor(const struct call *call, struct jobs_query *query,
                        struct request_fault *fault)
{
    const char *cursor = params_text(call, "cursor");
    const char *dot = cursor ? strchr(cursor, '.') : NULL;

    if (!cursor) {
        return true;
    }
    if (!dot || !params_parse_number(arena_strndup(call->arena, cursor, (size_t)(dot - cursor)),
                                     (struct params_range){1, INT64_MAX}, &query->before_ms)) {
        return request_refuse(fault, PROBLEM_field_value, "cursor must be a next_cursor");
    }
    query->before_id = dot + 1;
    return true;
}

static bool read_entity(const struct call *call, const char **out, struct request_fault *fault)
{
    *out = params_text(call, "entity");
    return !*out || entity_named(*out) ||
           request_refuse(fault, PROBLEM_field_value, "entity has no such value");
}

static bool read_jobs_query(const struct call *call, struct jobs_query *out,
                            struct request_fault *fault)
{
    static const char *const statuses[] = {"pending", "processing", "completed", "failed", NULL};

    *out = (struct jobs_query){.tenant = call->who.tenant,
                               .batch_id = params_text(call, "batch_id"),
                               .limit = DEFAULT_LIMIT};
    return params_word(call, "status", statuses, &out->status, fault) &&
           read_entity(call, &out->entity, fault) &&
           params_number(call, "limit", (struct params_range){1, MAX_LIMIT}, &out->limit, fault) &&
           read_cursor(call, out, fault);
}

void jobs_list(struct call *call)
{
    AUTO(bson) bson_t *out = bson_new();
    struct request_fault fault;
    struct jobs_query query;
    struct err err;

    if (!read_jobs_query(call, &query, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    struct job_list list = {
        .now_ms = call->now_ms, .append = answer_append_job, .arena = call->arena};

    array_begin(out, "jobs", &list.array);
    bool ok = jobs_find(call->session, &query, list_job, &list, &err);
    array_end(&list.array);
    if (!ok) {
        reply_error(call->reply, &err, PROBLEM_internal);
        return;
    }
    if (list.array.count == query.limit) {
        BSON_APPEND_UTF8(
            out, "next_cursor",
            arena_printf(call->arena, "%lld.%s", (long long)list.last_created_ms, list.last_id));
    } else {
        BSON_APPEND_NULL(out, "next_cursor");
    }
    reply_document(call->reply, 200, out);
}

/* ---- queue snapshot ---- */

static void append_queued_job(bson_t *out, const bson_t *job, int64_t now_ms)
{
    (void)now_ms;
    answer_append_queued_job(out, job);
}

static bool append_jobs_in(struct call *call, const struct jobs_query *query, const char *key,
                           bson_t *out, struct err *err)
{
    struct job_list list = {.append = append_queued_job, .arena = call->arena};

    array_begin(out, key, &list.array);
    bool ok = jobs_find(call->session, query, list_job, &list, err);
    array_end(&list.array);
    return ok;
}

/* A queue of which Kafka says nothing may stand still, whatever the jobs say: then null. */
static void append_stats(struct call *call, bson_t *out)
{
    static const char *const names[][2] = {{"waiting", "pending"},
                                           {"active", "processing"},
                                           {"completed", "completed"},
                                           {"failed", "failed"}};
    AUTO(bson) bson_t *stats = bson_new();
    int64_t lag = lag_of_products(call->app);
    struct err err;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct jobs_query query = {
            .tenant = call->who.tenant, .entity = "products", .status = names[i][1]};
        int64_t count;

        if (lag < 0 || !jobs_count(call->session, &query, &count, &err)) {
            BSON_APPEND_NULL(out, "queue_stats");
            return;
        }
        bson_append_int64(stats, names[i][0], -1, count);
    }
    BSON_APPEND_INT64(stats, "lag_messages", lag);
    BSON_APPEND_DOCUMENT(out, "queue_stats", stats);
}

void jobs_show_queue(struct call *call)
{
    AUTO(bson) bson_t *out = bson_new();
    struct jobs_query pending = {.tenant = call->who.tenant,
                                 .entity = "products",
                                 .status = "pending",
                                 .limit = QUEUE_PENDING};
    struct jobs_query processing = {.tenant = call->who.tenant,
                                    .entity = "products",
                                    .status = "processing",
                                    .limit = QUEUE_PROCESSING};
    struct err err;

    append_stats(call, out);
    if (append_jobs_in(call, &pending, "pending_jobs", out, &err) &&
        append_jobs_in(call, &processing, "processing_jobs", out, &err)) {
        reply_document(call->reply, 200, out);
    } else {
        reply_error(call->reply, &err, PROBLEM_internal);
    }
}
