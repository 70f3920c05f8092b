#include "domain/event.h"

#include "base/clock.h"
#include "domain/batch.h"
#include "domain/document.h"
#include "domain/stored.h"
#include "domain/trace.h"

#include <string.h>

#define SOURCE "/consign/job-tracker"
#define JOB_TYPE "consign.import.completed.v1"
#define BATCH_TYPE "consign.batch.completed.v1"

static const char *text_or(const bson_t *document, const char *name, const char *fallback)
{
    const char *text = document_text(document, name);

    return text ? text : fallback;
}

static void add_header(struct event *event, const char *key, const char *value)
{
    struct event_header *header = event->headers;

    while (header->key) {
        header++;
    }
    *header = (struct event_header){key, value};
}

/* The span id is made from the event's id: a repeated event is the same span. */
static void add_traceparent(struct event *event, struct arena *arena, const char *trace_id,
                            const char *id)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    uint8_t span[sizeof(hash)];

    if (!trace_id || strlen(trace_id) != TRACE_ID_SIZE - 1) {
        return;
    }
    for (; *id; id++) {
        hash = (hash ^ (unsigned char)*id) * 0x100000001b3;
    }
    memcpy(span, &hash, sizeof(span));
    char *parent = arena_alloc(arena, TRACE_PARENT_SIZE);
    trace_write_parent(trace_id, span, parent);
    add_header(event, "ce_traceparent", parent);
}

struct origin {
    const char *id;
    const char *type;
    const char *subject;
};

static struct event event_open(struct arena *arena, const bson_t *document,
                               const struct origin *origin)
{
    struct event event = {.key = origin->subject};
    char *time = arena_alloc(arena, CLOCK_ISO_SIZE);

    clock_format_iso(stored_date(document, "completed_at", 0), time);
    add_header(&event, "ce_specversion", "1.0");
    add_header(&event, "ce_id", origin->id);
    add_header(&event, "ce_source", SOURCE);
    add_header(&event, "ce_type", origin->type);
    add_header(&event, "ce_subject", origin->subject);
    add_header(&event, "ce_time", time);
    add_header(&event, "ce_tenant", text_or(document, "tenant", ""));
    add_header(&event, "content-type", "application/json");
    return event;
}

static void copy_all(bson_t *to, const bson_t *from, const char *const *names)
{
    for (; *names; names++) {
        stored_copy(from, *names, to, *names);
    }
}

static void copy_counts(bson_t *to, const bson_t *from, const char *const *names)
{
    for (; *names; names++) {
        bson_append_int64(to, *names, -1, document_int64(from, *names, 0));
    }
}

struct event event_of_job(struct arena *arena, const bson_t *job)
{
    static const char *const identity[] = {
        "tenant",    "entity",   "status",     "merge_mode",
        "source_id", "batch_id", "batch_part", "batch_total_parts",
        NULL};
    static const char *const counts[] = {
        "successful_rows", "failed_rows", "unchanged_rows", "created_rows", "published_rows",
        "error_count",     NULL};
    static const char *const times[] = {"started_at", "completed_at", "duration_seconds", "failure",
                                        NULL};
    const char *id = text_or(job, "_id", "");
    bool is_company = strcmp(text_or(job, "entity", ""), "customers") == 0;
    struct event event =
        event_open(arena, job, &(struct origin){.id = id, .type = JOB_TYPE, .subject = id});
    bson_t *data = document_new(arena);

    add_traceparent(&event, arena, document_text(job, "trace_id"), id);
    stored_copy(job, "_id", data, "job_id");
    copy_all(data, job, identity);
    if (document_text(job, "entity_id")) {
        stored_copy(job, "entity_id", data, "entity_id");
    }
    BSON_APPEND_INT64(data, "total_rows", stored_total_rows(job));
    copy_counts(data, job, counts);
    copy_all(data, job, times);
    BSON_APPEND_UTF8(data, "errors_url",
                     arena_printf(arena,
                                  is_company ? "/api/b2b/customers/import/api/%s/errors"
                                             : "/api/b2b/pim/jobs/%s/errors",
                                  id));
    event.data = data;
    return event;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

static const char *batch_url(struct arena *arena, const char *batch_id)
{
    static const char prefix[] = "/api/b2b/batches/";
    static const char digits[] = "0123456789ABCDEF";
    char *url = arena_alloc(arena, sizeof(prefix) + 3 * strlen(batch_id));
    char *end = url + sizeof(prefix) - 1;

    memcpy(url, prefix, sizeof(prefix));
    for (const char *p = batch_id; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (is_unreserved(c)) {
            *end++ = *p;
        } else {
            *end++ = '%';
            *end++ = digits[c >> 4];
            *end++ = digits[c & 15];
        }
    }
    *end = '\0';
    return url;
}

/* A batch of thousands of parts must still fit into one record; batch_url has the whole list. */
static void copy_jobs(bson_t *to, const bson_t *summary)
{
    static const char *const fields[] = {"job_id",          "batch_part",  "status", "total_rows",
                                         "successful_rows", "failed_rows", NULL};
    bson_iter_t jobs;
    bson_iter_t each;
    bson_t list;
    int64_t count = 0;

    bson_append_array_begin(to, "jobs", -1, &list);
    if (bson_iter_init_find(&jobs, summary, "jobs") && bson_iter_recurse(&jobs, &each)) {
        for (; bson_iter_next(&each); count++) {
            const uint8_t *data;
            uint32_t size;
            bson_t job;
            bson_t copy;

            bson_iter_document(&each, &size, &data);
            if (count < BATCH_MAX_LISTED && bson_init_static(&job, data, size)) {
                bson_append_document_begin(&list, bson_iter_key(&each), -1, &copy);
                copy_all(&copy, &job, fields);
                bson_append_document_end(&list, &copy);
            }
        }
    }
    bson_append_array_end(to, &list);
    BSON_APPEND_INT64(to, "jobs_total", count);
}

struct event event_of_batch(struct arena *arena, const bson_t *batch)
{
    static const char *const totals[] = {"batch_total_parts",
                                         "batch_total_items",
                                         "parts_duplicated",
                                         "rows_total",
                                         "rows_successful",
                                         "rows_failed",
                                         NULL};
    static const char *const times[] = {"created_at", "completed_at", NULL};
    const char *batch_id = text_or(batch, "batch_id", "");
    struct origin origin = {
        .id = text_or(batch, "_id", ""), .type = BATCH_TYPE, .subject = batch_id};
    struct event event = event_open(arena, batch, &origin);
    bson_t *summary = batch_summarise(batch, NULL, 0);
    bson_t *data = document_new(arena);

    copy_all(data, batch, (const char *const[]){"batch_id", "tenant", "entity", NULL});
    copy_all(data, summary, (const char *const[]){"status", NULL});
    copy_all(data, summary, totals);
    copy_jobs(data, summary);
    bson_destroy(summary);
    copy_all(data, batch, times);
    BSON_APPEND_UTF8(data, "batch_url", batch_url(arena, batch_id));
    event.data = data;
    return event;
}
