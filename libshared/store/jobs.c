#include "store/jobs.h"

#include "domain/document.h"

#include <stdio.h>
#include <string.h>

static const char jobs[] = "import_jobs";

static void append_text(bson_t *out, const char *key, const char *text)
{
    if (text) {
        bson_append_utf8(out, key, -1, text, -1);
    } else {
        bson_append_null(out, key, -1);
    }
}

static void append_count(bson_t *out, const char *key, int64_t count)
{
    if (count >= 0) {
        bson_append_int64(out, key, -1, count);
    } else {
        bson_append_null(out, key, -1);
    }
}

static void append_batch(bson_t *out, const struct import_envelope *envelope)
{
    bson_t metadata;
    struct str bytes = envelope->batch_metadata;

    append_text(out, "batch_id", envelope->batch_id);
    append_count(out, "batch_part", envelope->batch_part);
    append_count(out, "batch_total_parts", envelope->batch_total_parts);
    append_count(out, "batch_total_items", envelope->batch_total_items);
    if (bytes.p && bson_init_static(&metadata, (const uint8_t *)bytes.p, bytes.n)) {
        BSON_APPEND_DOCUMENT(out, "batch_metadata", &metadata);
    } else {
        BSON_APPEND_NULL(out, "batch_metadata");
    }
}

static void append_zero_counters(bson_t *out)
{
    static const char *const counters[] = {
        "done_chunks",    "processed_rows", "successful_rows",  "failed_rows",   "created_rows",
        "unchanged_rows", "published_rows", "error_count",      "warning_count", "search_batches",
        "search_items",   "indexed_rows",   "index_failed_rows"};

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        bson_append_int64(out, counters[i], -1, 0);
    }
}

bool jobs_insert(struct store_session *session, const struct job_new *job, struct err *err)
{
    AUTO(bson) bson_t *document = bson_new();

    BSON_APPEND_UTF8(document, "_id", job->job_id);
    BSON_APPEND_UTF8(document, "tenant", job->tenant);
    BSON_APPEND_UTF8(document, "entity", job->entity);
    append_text(document, "entity_id", job->entity_id);
    BSON_APPEND_UTF8(document, "channel", job->channel);
    BSON_APPEND_UTF8(document, "acceptance", "accepting");
    BSON_APPEND_UTF8(document, "status", "pending");
    append_count(document, "total_rows", job->is_open ? -1 : (int64_t)job->total_rows);
    append_count(document, "total_chunks", job->is_open ? -1 : (int64_t)job->total_chunks);
    BSON_APPEND_INT64(document, "lanes", job->lanes);
    BSON_APPEND_UTF8(document, "merge_mode", job->envelope->merge_mode);
    append_text(document, "source_id", job->envelope->source_id);
    append_text(document, "sales_channel", job->envelope->channel);
    append_batch(document, job->envelope);
    if (job->file) {
        BSON_APPEND_DOCUMENT(document, "file", job->file);
    }
    append_text(document, "parent_job_id", job->envelope->parent_job_id);
    BSON_APPEND_UTF8(document, "trace_id", job->trace_id);
    BSON_APPEND_DATE_TIME(document, "created_at", job->now_ms);
    BSON_APPEND_DATE_TIME(document, "accepting_since", job->now_ms);
    append_zero_counters(document);
    BSON_APPEND_INT64(document, "plan", (int64_t)job->plan);
    bson_append_binary(document, "settings", -1, BSON_SUBTYPE_BINARY,
                       (const uint8_t *)job->settings.p, (uint32_t)job->settings.n);
    return store_insert(session, jobs, document, err);
}

enum job_acceptance job_acceptance(const bson_t *job)
{
    const char *text = document_text(job, "acceptance");

    if (text && strcmp(text, "accepted") == 0) {
        return JOB_ACCEPTED;
    }
    return text && strcmp(text, "abandoned") == 0 ? JOB_ABANDONED : JOB_ACCEPTING;
}

static bson_t *settlement_update(const struct job_settlement *settlement)
{
    if (settlement->wanted == JOB_ACCEPTED) {
        return BCON_NEW("$set", "{", "acceptance", "accepted", "accepted_at",
                        BCON_DATE_TIME(settlement->now_ms), "}", "$unset", "{", "accepting_since",
                        "", "}");
    }
    return BCON_NEW("$set", "{", "acceptance", "abandoned", "status", "failed", "completed_at",
                    BCON_DATE_TIME(settlement->now_ms), "failure", "{", "code",
                    BCON_UTF8(settlement->code), "error", BCON_UTF8(settlement->error), "}", "}",
                    "$unset", "{", "accepting_since", "", "}");
}

bool jobs_settle(struct store_session *session, const struct job_settlement *settlement,
                 enum job_acceptance *stands, struct err *err)
{
    AUTO(bson) bson_t *update = settlement_update(settlement);
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(settlement->job_id), "acceptance", "accepting");
    AUTO(bson) bson_t *job = NULL;
    bool matched;

    if (!store_update(session, jobs, filter, update, false, &matched, err)) {
        return false;
    }
    if (matched) {
        *stands = settlement->wanted;
        return true;
    }
    if (!store_get(session, jobs, settlement->job_id, &job, err)) {
        return false;
    }
    *stands = job_acceptance(job);
    return true;
}

bool jobs_resume(struct store_session *session, const char *job_id, int64_t now_ms, bson_t **out,
                 struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(job_id), "acceptance", "accepting");
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "accepting_since", BCON_DATE_TIME(now_ms), "}");

    if (store_find_and_update(session, jobs, filter, update, false, out, err)) {
        return true;
    }
    return err->kind == ERR_NOT_FOUND && store_get(session, jobs, job_id, out, err);
}

enum { STALE_AT_ONCE = 100 };

struct stale {
    struct arena *arena;
    const char *ids[STALE_AT_ONCE];
    size_t count;
};

static bool note_stale(void *ctx, const bson_t *job)
{
    struct stale *stale = ctx;

    stale->ids[stale->count++] = arena_strdup(stale->arena, document_text(job, "_id"));
    return stale->count < STALE_AT_ONCE;
}

bool jobs_abandon_stale(struct store_session *session, int64_t before_ms, int64_t now_ms,
                        size_t *count, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson)
    bson_t *filter = BCON_NEW("accepting_since", "{", "$lt", BCON_DATE_TIME(before_ms), "}",
                              "acceptance", "accepting");
    AUTO(bson)
    bson_t *options =
        BCON_NEW("limit", BCON_INT64(STALE_AT_ONCE), "projection", "{", "_id", BCON_INT32(1), "}");
    struct stale stale = {.arena = arena};

    if (!store_find(session, jobs, filter, options, note_stale, &stale, err)) {
        return false;
    }
    *count = 0;
    for (size_t i = 0; i < stale.count; i++) {
        struct job_settlement settlement = {
            .job_id = stale.ids[i],
            .wanted = JOB_ABANDONED,
            .code = problem_get(PROBLEM_not_accepted)->code,
            .error = "the request was not accepted within the time allowed",
            .now_ms = now_ms,
        };
        enum job_acceptance stands;

        if (!jobs_settle(session, &settlement, &stands, err)) {
            return false;
        }
        *count += stands == JOB_ABANDONED;
    }
    return true;
}

bool jobs_get(struct store_session *session, const char *tenant, const char *job_id, bson_t **out,
              struct err *err)
{
    AUTO(bson) bson_t *job = NULL;

    if (!store_get(session, jobs, job_id, &job, err)) {
        return false;
    }
    const char *owner = document_text(job, "tenant");

    if (!owner || strcmp(owner, tenant) != 0) {
        return err_set(err, ERR_NOT_FOUND, "%s has no %s", jobs, job_id);
    }
    *out = STEAL(job);
    return true;
}

bool jobs_find_ended(struct store_session *session, const char *const *ids, size_t count,
                     store_each_fn each, void *ctx, struct err *err)
{
    AUTO(bson)
    bson_t *filter = BCON_NEW("status", "{", "$in", "[", "completed", "failed", "]", "}");

    store_match_ids(filter, ids, count);
    return store_find(session, jobs, filter, NULL, each, ctx, err);
}

static void match_text(bson_t *filter, const char *key, const char *text)
{
    if (text) {
        bson_append_utf8(filter, key, -1, text, -1);
    }
}

static bson_t *jobs_filter(const struct jobs_query *query)
{
    bson_t *filter = bson_new();

    match_text(filter, "tenant", query->tenant);
    match_text(filter, "entity", query->entity);
    match_text(filter, "status", query->status);
    match_text(filter, "batch_id", query->batch_id);
    if (query->before_id) {
        BCON_APPEND(filter, "created_at", "{", "$lte", BCON_DATE_TIME(query->before_ms), "}", "$or",
                    "[", "{", "created_at", "{", "$lt", BCON_DATE_TIME(query->before_ms), "}", "}",
                    "{", "_id", "{", "$lt", BCON_UTF8(query->before_id), "}", "}", "]");
    }
    return filter;
}

bool jobs_find(struct store_session *session, const struct jobs_query *query, store_each_fn each,
               void *ctx, struct err *err)
{
    AUTO(bson) bson_t *filter = jobs_filter(query);
    AUTO(bson)
    bson_t *options =
        BCON_NEW("sort", "{", "created_at", BCON_INT32(-1), "_id", BCON_INT32(-1), "}", "limit",
                 BCON_INT64(query->limit), "projection", "{", "settings", BCON_INT32(0), "}");

    return store_find(session, jobs, filter, options, each, ctx, err);
}

bool jobs_count(struct store_session *session, const struct jobs_query *query, int64_t *out,
                struct err *err)
{
    AUTO(bson) bson_t *filter = jobs_filter(query);

    return store_count(session, jobs, filter, out, err);
}

/* One status at a time: the index is {tenant, status, created_at}. */
bool jobs_count_open(struct store_session *session, const char *tenant, int64_t *out,
                     struct err *err)
{
    static const char *const open[] = {"pending", "processing"};
    int64_t total = 0;

    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        struct jobs_query query = {.tenant = tenant, .status = open[i]};
        int64_t count;

        if (!jobs_count(session, &query, &count, err)) {
            return false;
        }
        total += count;
    }
    *out = total;
    return true;
}

/* Ids are `job_id|<row as 8 digits>`; '}' is the character after '|'. */
bool jobs_find_rows(struct store_session *session, const struct job_rows_query *query,
                    store_each_fn each, void *ctx, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    char row[16];

    snprintf(row, sizeof(row), "%08lld", (long long)query->after_row);
    const char *first = query->after_row < 0 ? ID_JOIN(arena, query->job_id, "")
                                             : ID_JOIN(arena, query->job_id, row);
    const char *end = arena_printf(arena, "%s}", ID_JOIN(arena, query->job_id));

    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", "{", "$gt", BCON_UTF8(first), "$lt", BCON_UTF8(end), "}",
                              "findings.severity", BCON_UTF8(query->severity));
    AUTO(bson)
    bson_t *options =
        BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(query->limit));

    return store_find(session, "import_errors", filter, options, each, ctx, err);
}
