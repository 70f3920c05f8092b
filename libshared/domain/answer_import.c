#include "domain/answer.h"

#include "domain/document.h"
#include "domain/stored.h"

#include <stdio.h>

static bool has_failed(const bson_t *job)
{
    const char *status = document_text(job, "status");

    return status && strcmp(status, "failed") == 0;
}

static void append_summary(bson_t *out, const struct answer_imported *imported)
{
    const bson_t *job = imported->job;
    bson_t summary;

    BSON_APPEND_DOCUMENT_BEGIN(out, "summary", &summary);
    stored_copy(job, "total_rows", &summary, "total");
    stored_copy(job, "successful_rows", &summary, "successful");
    stored_copy(job, "failed_rows", &summary, "failed");
    stored_copy(job, "published_rows", &summary, "auto_published");
    BSON_APPEND_DOUBLE(&summary, "duration_seconds", (double)imported->took_ms / 1000);
    stored_copy(job, "search_batches", &summary, "sync_batches_queued");
    bson_append_document_end(out, &summary);
}

/* What the job's rows were applied with; `out` borrows. */
static bool read_settings(const bson_t *job, bson_t *out)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    uint32_t length;
    const uint8_t *data;

    if (!bson_iter_init_find(&iter, job, "settings") || !BSON_ITER_HOLDS_BINARY(&iter)) {
        return false;
    }
    bson_iter_binary(&iter, &subtype, &length, &data);
    return bson_init_static(out, data, length);
}

/* What the first rows that were applied carry as their source. */
static void append_first_source(bson_t *out, const bson_t *job)
{
    bson_t source;
    bson_t settings;

    if (document_int64(job, "successful_rows", 0) == 0 || !read_settings(job, &settings)) {
        BSON_APPEND_NULL(out, "first_product_source");
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "first_product_source", &source);
    stored_copy(job, "source_id", &source, "source_id");
    stored_copy(&settings, "source.name", &source, "source_name");
    stored_copy(job, "started_at", &source, "imported_at");
    stored_copy(job, "batch_id", &source, "batch_id");
    bson_append_document_end(out, &source);
}

static void append_echo(bson_t *out, const char *key, struct str bytes)
{
    bson_t echo;

    if (bytes.p && bson_init_static(&echo, (const uint8_t *)bytes.p, bytes.n)) {
        bson_append_document(out, key, -1, &echo);
    } else {
        bson_append_null(out, key, -1);
    }
}

static void append_message(bson_t *out, const bson_t *job)
{
    long long total = stored_total_rows(job);
    long long successful = document_int64(job, "successful_rows", 0);
    long long batches = document_int64(job, "search_batches", 0);
    const char *failure = document_text(job, "failure.error");
    char message[512];

    if (has_failed(job)) {
        snprintf(message, sizeof(message),
                 "Imported %lld of %lld products, then the import failed: %s", successful, total,
                 failure ? failure : "unknown");
    } else {
        snprintf(message, sizeof(message),
                 "Imported %lld of %lld products successfully, queued %lld search-sync batches",
                 successful, total, batches);
    }
    BSON_APPEND_UTF8(out, "message", message);
}

static void append_debug(bson_t *out, const struct answer_imported *imported)
{
    bson_t debug;

    BSON_APPEND_DOCUMENT_BEGIN(out, "debug", &debug);
    stored_copy(imported->job, "batch_id", &debug, "batch_id");
    stored_copy(imported->job, "batch_metadata", &debug, "batch_metadata");
    append_echo(&debug, "channel_metadata", imported->channel_metadata);
    append_first_source(&debug, imported->job);
    bson_append_document_end(out, &debug);
}

bson_t *answer_imported(const struct answer_imported *imported)
{
    const bson_t *job = imported->job;
    bson_t *out = bson_new();

    BSON_APPEND_BOOL(out, "success", !has_failed(job));
    stored_copy(job, "_id", out, "job_id");
    append_summary(out, imported);
    stored_copy(imported->findings, "errors", out, "errors");
    append_debug(out, imported);
    if (has_failed(job)) {
        stored_copy(job, "failure", out, "failure");
    }
    append_message(out, job);
    return out;
}

bson_t *answer_unfinished(const char *job_id, const char *status)
{
    char message[160];

    snprintf(message, sizeof(message), "The import goes on. Poll its job. Job ID: %s", job_id);
    return BCON_NEW("success", BCON_BOOL(true), "job_id", BCON_UTF8(job_id), "status",
                    BCON_UTF8(status ? status : "processing"), "message", BCON_UTF8(message));
}

/* The members of a CSV error are those of the product reference. */
bson_t *answer_file_fault(const struct answer_file_fault *fault)
{
    const struct problem *problem =
        problem_get(fault->is_csv ? PROBLEM_csv_format : PROBLEM_file_format);
    bson_t *out = bson_new();
    bson_t details;

    BSON_APPEND_UTF8(out, "type", fault->is_csv ? "/problems/csv_format" : "/problems/file_format");
    BSON_APPEND_UTF8(out, "title", problem->title);
    BSON_APPEND_INT32(out, "status", problem->status);
    BSON_APPEND_UTF8(out, "detail", fault->message);
    BSON_APPEND_UTF8(out, "code", problem->code);
    BSON_APPEND_UTF8(out, "error", problem->title);
    BSON_APPEND_UTF8(out, "details", fault->message);
    BSON_APPEND_UTF8(out, "hint", fault->hint);
    BSON_APPEND_DOCUMENT_BEGIN(out, "technicalDetails", &details);
    BSON_APPEND_UTF8(&details, "code", fault->code);
    BSON_APPEND_INT64(&details, "line", fault->line);
    BSON_APPEND_INT64(&details, "column", fault->column);
    bson_append_document_end(out, &details);
    return out;
}
