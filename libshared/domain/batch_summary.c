#include "domain/batch.h"
#include "domain/array.h"
#include "domain/batch_members.h"
#include "domain/document.h"
#include "domain/stored.h"

#include <string.h>

static bool starts_part(const struct members *members, size_t i)
{
    return members->items[i].part > 0 &&
           (i == 0 || members->items[i - 1].part != members->items[i].part);
}

static void append_parts(bson_t *out, const struct members *members, bool only_duplicated)
{
    struct array list;

    array_begin(out, only_duplicated ? "parts_duplicated" : "parts_seen", &list);
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];

        if (starts_part(members, i) && !(only_duplicated && member->counts)) {
            array_add_int64(&list, member->part);
        }
    }
    array_end(&list);
}

/* The gaps between the parts seen; total_parts may be anything a partner dares to send. */
static void append_missing(bson_t *out, const struct members *members, int64_t total_parts)
{
    struct array list;
    int64_t missing = 0;
    int64_t next = 1;

    array_begin(out, "parts_missing", &list);
    for (size_t i = 0; i <= members->count; i++) {
        bool at_end = i == members->count;

        if (!at_end && !starts_part(members, i)) {
            continue;
        }
        bool is_last = at_end || members->items[i].part > total_parts;
        int64_t gap = (is_last ? total_parts : members->items[i].part - 1) - next + 1;

        for (int64_t k = 0; k < gap && list.count < BATCH_MAX_LISTED; k++) {
            array_add_int64(&list, next + k);
        }
        missing += gap;
        if (is_last || members->items[i].part == total_parts) {
            break;
        }
        next = members->items[i].part + 1;
    }
    array_end(&list);
    BSON_APPEND_INT64(out, "parts_missing_count", missing);
}

static void append_jobs(bson_t *out, const struct members *members)
{
    struct array list;

    array_begin(out, "jobs", &list);
    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];
        bson_t job;

        array_begin_document(&list, &job);
        BSON_APPEND_UTF8(&job, "job_id", member->job_id);
        if (member->part > 0) {
            BSON_APPEND_INT64(&job, "batch_part", member->part);
        } else {
            BSON_APPEND_NULL(&job, "batch_part");
        }
        BSON_APPEND_UTF8(&job, "status", member->status);
        BSON_APPEND_INT64(&job, "total_rows", member->total);
        BSON_APPEND_INT64(&job, "processed_rows", member->processed);
        BSON_APPEND_INT64(&job, "successful_rows", member->successful);
        BSON_APPEND_INT64(&job, "failed_rows", member->failed);
        array_end_document(&list, &job);
    }
    array_end(&list);
}

static void append_rows(bson_t *out, const struct members *members)
{
    int64_t total = 0;
    int64_t processed = 0;
    int64_t successful = 0;
    int64_t failed = 0;

    for (size_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];

        if (member->counts) {
            total += member->total;
            processed += member->processed;
            successful += member->successful;
            failed += member->failed;
        }
    }
    BSON_APPEND_INT64(out, "rows_total", total);
    BSON_APPEND_INT64(out, "rows_processed", processed);
    BSON_APPEND_INT64(out, "rows_successful", successful);
    BSON_APPEND_INT64(out, "rows_failed", failed);
}

static const char *summary_status(const bson_t *batch, const struct members *members)
{
    const char *stored = batch ? document_text(batch, "status") : NULL;

    if (stored && strcmp(stored, "completed") == 0) {
        return stored;
    }
    for (size_t i = 0; i < members->count; i++) {
        if (member_is_under_way(&members->items[i])) {
            return "processing";
        }
    }
    return "open";
}

/* What parts of a batch may tell differently, taken at its widest. */
struct span {
    int64_t total_parts;
    int64_t total_items;
    int64_t created_at;
    int64_t updated_at;
};

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct span measure(const bson_t *batch, const bson_t *const *jobs, size_t job_count)
{
    struct span span = {.created_at = INT64_MAX};

    if (batch) {
        span = (struct span){.total_parts = document_int64(batch, "total_parts", 0),
                             .total_items = document_int64(batch, "total_items", 0),
                             .created_at = stored_date(batch, "created_at", INT64_MAX),
                             .updated_at = stored_date(batch, "updated_at", 0)};
    }
    for (size_t i = 0; i < job_count; i++) {
        int64_t created_at = stored_date(jobs[i], "created_at", INT64_MAX);

        span.total_parts =
            max_of(span.total_parts, document_int64(jobs[i], "batch_total_parts", 0));
        span.total_items =
            max_of(span.total_items, document_int64(jobs[i], "batch_total_items", 0));
        span.created_at = created_at < span.created_at ? created_at : span.created_at;
        span.updated_at = max_of(span.updated_at, stored_date(jobs[i], "created_at", 0));
        span.updated_at = max_of(span.updated_at, stored_date(jobs[i], "last_finished_at", 0));
    }
    return span;
}

static void append_known(bson_t *out, const char *name, int64_t value)
{
    if (value > 0) {
        BSON_APPEND_INT64(out, name, value);
    } else {
        BSON_APPEND_NULL(out, name);
    }
}

static void append_date(bson_t *out, const char *name, int64_t ms)
{
    if (ms > 0 && ms < INT64_MAX) {
        BSON_APPEND_DATE_TIME(out, name, ms);
    } else {
        BSON_APPEND_NULL(out, name);
    }
}

bson_t *batch_summarise(const bson_t *batch, const bson_t *const *jobs, size_t job_count)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct members members = members_collect(arena, batch, jobs, job_count);
    struct span span = measure(batch, jobs, job_count);
    bson_t *out = bson_new();

    stored_copy(batch ? batch : jobs[0], "batch_id", out, "batch_id");
    BSON_APPEND_UTF8(out, "status", summary_status(batch, &members));
    append_known(out, "batch_total_parts", span.total_parts);
    append_known(out, "batch_total_items", span.total_items);
    append_parts(out, &members, false);
    append_missing(out, &members, span.total_parts);
    append_parts(out, &members, true);
    append_rows(out, &members);
    append_jobs(out, &members);
    append_date(out, "created_at", span.created_at);
    append_date(out, "updated_at", span.updated_at);
    append_date(out, "completed_at", batch ? stored_date(batch, "completed_at", 0) : 0);
    return out;
}
