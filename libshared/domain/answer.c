#include "domain/answer.h"

#include "base/utf8.h"
#include "domain/array.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/finding.h"
#include "domain/stored.h"
#include "domain/unknown.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void append_fields(bson_t *out, const bson_t *from, const char *const *keys)
{
    for (; *keys; keys++) {
        stored_copy(from, *keys, out, *keys);
    }
}

static void append_text(bson_t *out, const char *key, const char *text)
{
    if (text) {
        bson_append_utf8(out, key, -1, text, -1);
    } else {
        bson_append_null(out, key, -1);
    }
}

static void append_known(bson_t *out, const char *key, bool known, double value)
{
    if (known) {
        bson_append_double(out, key, -1, value);
    } else {
        bson_append_null(out, key, -1);
    }
}

/* One decimal is what a person who watches a job can use. */
static double rounded(double value)
{
    return round(value * 10) / 10;
}

/* Progress in per cent, rows per second, and the time left while the job runs. */
static void append_rates(bson_t *out, const bson_t *job, int64_t now_ms)
{
    int64_t total = document_int64(job, "total_rows", 0);
    int64_t processed = document_int64(job, "processed_rows", 0);
    int64_t started = stored_date(job, "started_at", -1);
    int64_t ended = stored_date(job, "completed_at", -1);
    int64_t until = ended < 0 ? now_ms : ended;
    double seconds = (double)(until > started ? until - started : 1) / 1000;
    double rate = (double)processed / seconds;
    bool is_moving = started >= 0 && processed > 0;

    append_known(out, "progress", total > 0, rounded(100.0 * (double)processed / (double)total));
    append_known(out, "rows_per_second", is_moving, rounded(rate));
    append_known(out, "eta_seconds", is_moving && total > 0 && ended < 0,
                 rounded((double)(total - processed) / rate));
}

/* The lanes of a job count for themselves. */
static void add_lanes(struct name_tally *unknown, const bson_t *job)
{
    bson_iter_t lanes;
    bson_iter_t lane;

    if (!bson_iter_init_find(&lanes, job, "unknown_fields") || !bson_iter_recurse(&lanes, &lane)) {
        return;
    }
    while (bson_iter_next(&lane)) {
        char path[64];

        snprintf(path, sizeof(path), "unknown_fields.%.16s", bson_iter_key(&lane));
        unknown_add_stored(unknown, job, path);
    }
}

static void append_unknown(bson_t *out, const bson_t *job)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct name_tally unknown = {.arena = arena};
    const char *name = document_text(job, "entity");
    const struct entity *entity = name ? entity_named(name) : NULL;
    struct array list;
    bson_t item;

    add_lanes(&unknown, job);
    array_begin(out, "unknown_fields", &list);
    for (size_t i = 0; i < unknown.count; i++) {
        const char *field = unknown.entries[i].name;
        const char *meant = entity ? unknown_meant(entity->fields, field) : NULL;

        array_begin_document(&list, &item);
        BSON_APPEND_UTF8(&item, "field", field);
        BSON_APPEND_INT64(&item, "count", unknown.entries[i].count);
        append_text(&item, "did_you_mean", meant);
        array_end_document(&list, &item);
    }
    array_end(&list);
}

static void append_file(bson_t *out, const bson_t *job)
{
    if (bson_has_field(job, "file")) {
        stored_copy(job, "file.name", out, "file_name");
        stored_copy(job, "file.size", out, "file_size");
    }
}

void answer_append_job(bson_t *out, const bson_t *job, int64_t now_ms)
{
    static const char *const state[] = {"status",    "entity",     "entity_id",
                                        "source_id", "merge_mode", NULL};
    static const char *const counts[] = {
        "total_rows",   "processed_rows", "successful_rows", "failed_rows",
        "created_rows", "unchanged_rows", "indexed_rows",    NULL};
    static const char *const rest[] = {"started_at",        "completed_at", "duration_seconds",
                                       "batch_id",          "batch_part",   "batch_total_parts",
                                       "batch_total_items", "created_at",   NULL};

    stored_copy(job, "_id", out, "job_id");
    append_fields(out, job, state);
    append_fields(out, job, counts);
    stored_copy(job, "published_rows", out, "auto_published");
    stored_copy(job, "search_batches", out, "search_batches_queued");
    append_fields(out, job, rest);
    stored_copy(job, "parent_job_id", out, "parent_job_id");
    append_file(out, job);
    append_rates(out, job, now_ms);
    stored_copy(job, "error_count", out, "import_errors_total");
    stored_copy(job, "warning_count", out, "import_warnings_total");
    append_unknown(out, job);
    stored_copy(job, "failure", out, "failure");
    stored_copy(job, "trace_id", out, "trace_id");
}

bson_t *answer_queued_companies(const struct answer_queued *queued)
{
    char message[64];

    snprintf(message, sizeof(message), "Queued %zu customers for import", queued->total);
    return BCON_NEW("success", BCON_BOOL(true), "job_id", BCON_UTF8(queued->job_id), "total",
                    BCON_INT64((int64_t)queued->total), "merge_mode",
                    BCON_UTF8(queued->envelope->merge_mode), "message", BCON_UTF8(message));
}

bson_t *answer_queued_products(const struct answer_queued *queued)
{
    struct str metadata = queued->envelope->batch_metadata;
    bson_t *out = BCON_NEW("success", BCON_BOOL(true), "job_id", BCON_UTF8(queued->job_id),
                           "status", "queued");
    char message[160];
    bson_t summary;
    bson_t echo;

    BSON_APPEND_DOCUMENT_BEGIN(out, "summary", &summary);
    BSON_APPEND_INT64(&summary, "products_queued", (int64_t)queued->total);
    BSON_APPEND_UTF8(&summary, "source_id", queued->envelope->source_id);
    if (metadata.p && bson_init_static(&echo, (const uint8_t *)metadata.p, metadata.n)) {
        BSON_APPEND_DOCUMENT(&summary, "batch_metadata", &echo);
    } else {
        BSON_APPEND_NULL(&summary, "batch_metadata");
    }
    bson_append_document_end(out, &summary);
    snprintf(message, sizeof(message), "Queued %zu products for import. Job ID: %s", queued->total,
             queued->job_id);
    BSON_APPEND_UTF8(out, "message", message);
    return out;
}

bson_t *answer_queued_file(const struct answer_queued *queued)
{
    const struct answer_file *file = queued->file;
    bson_t *out = bson_new();
    bson_t job;

    BSON_APPEND_DOCUMENT_BEGIN(out, "job", &job);
    BSON_APPEND_UTF8(&job, "job_id", queued->job_id);
    append_text(&job, "source_id", queued->envelope->source_id);
    BSON_APPEND_UTF8(&job, "file_name", file->name);
    BSON_APPEND_INT64(&job, "file_size", file->size);
    append_text(&job, "file_url", file->url);
    BSON_APPEND_UTF8(&job, "status", "pending");
    append_text(&job, "parent_job_id", file->parent_job_id);
    BSON_APPEND_DATE_TIME(&job, "created_at", file->created_at_ms);
    bson_append_document_end(out, &job);
    return out;
}

bson_t *answer_queued_entity(const struct answer_queued *queued)
{
    bson_t *out = BCON_NEW("success", BCON_BOOL(true), "job_id", BCON_UTF8(queued->job_id),
                           "status", "queued");
    char message[600];
    bson_t summary;

    BSON_APPEND_DOCUMENT_BEGIN(out, "summary", &summary);
    BSON_APPEND_UTF8(&summary, "entity", queued->entity->name);
    bson_append_utf8(&summary, queued->entity->code_field, -1, queued->entity_id, -1);
    BSON_APPEND_UTF8(&summary, "merge_mode", queued->envelope->merge_mode);
    BSON_APPEND_INT64(&summary, "products_listed", (int64_t)queued->total - 1);
    bson_append_document_end(out, &summary);
    snprintf(message, sizeof(message), "Queued %s \"%s\" for import. Job ID: %s",
             queued->entity->singular, queued->entity_id, queued->job_id);
    BSON_APPEND_UTF8(out, "message", message);
    return out;
}

void answer_append_queued_job(bson_t *out, const bson_t *job)
{
    static const char *const fields[] = {
        "source_id",  "total_rows",        "processed_rows", "status",     "batch_id",
        "batch_part", "batch_total_parts", "created_at",     "started_at", NULL};

    stored_copy(job, "_id", out, "job_id");
    append_fields(out, job, fields);
}

void answer_findings_start(struct answer_findings *findings, const bson_t *row,
                           const char *severity)
{
    bson_iter_t iter;

    *findings = (struct answer_findings){.row = row, .severity = severity};
    findings->is_valid =
        bson_iter_init_find(&iter, row, "findings") && bson_iter_recurse(&iter, &findings->iter);
}

/* Reads the element as a finding of the wanted severity; `out` borrows. */
static bool read_finding(const bson_iter_t *element, const char *severity, bson_t *out)
{
    uint32_t length;
    const uint8_t *data;

    if (!BSON_ITER_HOLDS_DOCUMENT(element)) {
        return false;
    }
    bson_iter_document(element, &length, &data);
    const char *found = bson_init_static(out, data, length) ? document_text(out, "severity") : NULL;

    return found && strcmp(found, severity) == 0;
}

bool answer_findings_next(struct answer_findings *findings, bool with_raw_data, bson_t *out)
{
    static const char *const facts[] = {"error", "code", "path", NULL};
    bson_t finding;

    while (findings->is_valid && bson_iter_next(&findings->iter)) {
        if (!read_finding(&findings->iter, findings->severity, &finding)) {
            continue;
        }
        stored_copy(findings->row, "row", out, "row");
        stored_copy(findings->row, "entity_code", out, "entity_code");
        append_fields(out, &finding, facts);
        if (with_raw_data) {
            stored_copy(findings->row, "raw_data", out, "raw_data");
        } else {
            BSON_APPEND_NULL(out, "raw_data");
        }
        return true;
    }
    return false;
}

static bool is_one_of(const char *key, const char *const *keys)
{
    for (; *keys; keys++) {
        if (strcmp(key, *keys) == 0) {
            return true;
        }
    }
    return false;
}

static void append_all_except(bson_t *out, const bson_t *from, const char *const *hidden)
{
    bson_iter_t iter;

    if (!bson_iter_init(&iter, from)) {
        return;
    }
    while (bson_iter_next(&iter)) {
        if (!is_one_of(bson_iter_key(&iter), hidden)) {
            bson_append_iter(out, NULL, 0, &iter);
        }
    }
}

void answer_append_product(bson_t *out, const bson_t *product)
{
    bson_t none;

    answer_append_entity(out, product);
    if (!bson_has_field(product, "locked_fields")) {
        bson_append_array_begin(out, "locked_fields", -1, &none);
        bson_append_array_end(out, &none);
    }
}

void answer_append_entity(bson_t *out, const bson_t *document)
{
    static const char *const hidden[] = {"_id", "tenant", "import", "embeds", NULL};

    append_all_except(out, document, hidden);
}

void answer_append_dictionary(bson_t *out, const bson_t *dictionary)
{
    static const char *const hidden[] = {"_id", "tenant", "import", "lookup", NULL};

    append_all_except(out, dictionary, hidden);
}

void answer_append_source(bson_t *out, const bson_t *source)
{
    static const char *const hidden[] = {"_id", "tenant", NULL};

    append_all_except(out, source, hidden);
}

/* All that is wrong with what stands at the fault's path. */
static void append_findings(bson_t *out, const struct request_fault *fault)
{
    struct array list;
    bson_t item;

    array_begin(out, "errors", &list);
    for (size_t i = 0; i < fault->findings->count; i++) {
        const struct finding *finding = &fault->findings->items[i];
        char path[sizeof(fault->path) + 512];

        snprintf(path, sizeof(path), "%s%s", fault->path, finding->path);
        array_begin_document(&list, &item);
        BSON_APPEND_UTF8(&item, "error", finding->text);
        BSON_APPEND_UTF8(&item, "code", problem_get(finding->problem)->code);
        BSON_APPEND_UTF8(&item, "path", path);
        array_end_document(&list, &item);
    }
    array_end(&list);
}

static bson_t *spell_problem(const struct request_fault *fault)
{
    const struct problem *problem = fault->problem;
    const char *detail = *fault->detail ? fault->detail : problem->title;
    char text[512];
    bson_t *out = bson_new();

    snprintf(text, sizeof(text), "/problems/%s", problem->code);
    BSON_APPEND_UTF8(out, "type", text);
    BSON_APPEND_UTF8(out, "title", problem->title);
    BSON_APPEND_INT32(out, "status", problem->status);
    BSON_APPEND_UTF8(out, "detail", detail);
    BSON_APPEND_UTF8(out, "code", problem->code);
    snprintf(text, sizeof(text), "%s%s%s", problem->title, *fault->detail ? ": " : "",
             fault->detail);
    BSON_APPEND_UTF8(out, "error", text);
    BSON_APPEND_UTF8(out, "details", detail);
    BSON_APPEND_UTF8(out, "hint", problem->advice);
    if (fault->index >= 0) {
        BSON_APPEND_INT64(out, "index", fault->index);
    }
    if (*fault->path) {
        BSON_APPEND_UTF8(out, "path", fault->path);
    }
    if (fault->offset >= 0) {
        BSON_APPEND_INT64(out, "offset", fault->offset);
    }
    if (fault->findings) {
        append_findings(out, fault);
    }
    return out;
}

bson_t *answer_problem(const struct request_fault *fault)
{
    struct request_fault proper = *fault;

    utf8_mend(proper.detail);
    utf8_mend(proper.path);
    return spell_problem(&proper);
}
