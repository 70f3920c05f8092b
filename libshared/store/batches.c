#include "store/batches.h"

#include "domain/batch.h"
#include "domain/document.h"
#include "domain/stored.h"

#include <string.h>

#define BATCHES "import_batches"
#define JOBS "import_jobs"

/* ---- folding ---- */

struct folding {
    struct store_session *session;
    const char *id; /* of the batch document */
    const bson_t *job;
    int64_t now_ms;
};

static bool is_completed(const bson_t *batch)
{
    const char *status = document_text(batch, "status");

    return status && strcmp(status, "completed") == 0;
}

static void append_widest(bson_t *update, const bson_t *job)
{
    bson_t fields;

    bson_append_document_begin(update, "$max", -1, &fields);
    /* null sorts below every number, so an unknown total never hides a known one. */
    stored_copy(job, "batch_total_parts", &fields, "total_parts");
    stored_copy(job, "batch_total_items", &fields, "total_items");
    bson_append_document_end(update, &fields);
}

/* Makes the document when the first job of the batch ends; made by somebody else is as good. */
static bool make_batch(const struct folding *folding, struct err *err)
{
    const bson_t *job = folding->job;
    AUTO(bson)
    bson_t *batch =
        BCON_NEW("_id", BCON_UTF8(folding->id), "tenant", BCON_UTF8(document_text(job, "tenant")),
                 "batch_id", BCON_UTF8(document_text(job, "batch_id")), "entity",
                 BCON_UTF8(document_text(job, "entity")), "status", "processing", "jobs", "{", "}",
                 "jobs_done", BCON_INT64(0));

    stored_copy(job, "created_at", batch, "created_at");
    return store_insert(folding->session, BATCHES, batch, err) || err->kind == ERR_CONFLICT;
}

/* ERR_NOT_FOUND when the batch holds the job already, and when there is no batch yet. */
static bool add_job(const struct folding *folding, bson_t **batch, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *path = arena_printf(arena, "jobs.%s", document_text(folding->job, "_id"));
    int64_t now_ms = folding->now_ms;
    AUTO(bson) bson_t *entry = batch_entry(folding->job);
    AUTO(bson)
    bson_t *filter =
        BCON_NEW("_id", BCON_UTF8(folding->id), path, "{", "$exists", BCON_BOOL(false), "}");
    AUTO(bson)
    bson_t *update =
        BCON_NEW("$set", "{", path, BCON_DOCUMENT(entry), "updated_at", BCON_DATE_TIME(now_ms), "}",
                 "$inc", "{", "jobs_done", BCON_INT64(1), "}", "$min", "{", "created_at",
                 BCON_DATE_TIME(stored_date(folding->job, "created_at", now_ms)), "}");

    append_widest(update, folding->job);
    return store_find_and_update(folding->session, BATCHES, filter, update, false, batch, err);
}

/* *added: this call put the job in; otherwise it was there. */
static bool ensure_job(const struct folding *folding, bson_t **batch, bool *added, struct err *err)
{
    *added = add_job(folding, batch, err);
    if (*added) {
        return true;
    }
    if (err->kind != ERR_NOT_FOUND) {
        return false;
    }
    if (store_get(folding->session, BATCHES, folding->id, batch, err)) {
        return batch_has_job(*batch, document_text(folding->job, "_id")) ||
               err_set(err, ERR_CONFLICT, "batch %s was made meanwhile", folding->id);
    }
    *added = err->kind == ERR_NOT_FOUND && make_batch(folding, err) && add_job(folding, batch, err);
    return *added || (err->kind == ERR_NOT_FOUND &&
                      err_set(err, ERR_CONFLICT, "batch %s changed meanwhile", folding->id));
}

/* Writes what the folded jobs add up to, unless somebody has folded a further job since: then that
 * one writes. */
static bool write_totals(struct store_session *session, bson_t **batch, bool *finished,
                         struct err *err)
{
    struct batch_totals totals = batch_compute(*batch);
    bool finishes = totals.is_complete && !is_completed(*batch);
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(document_text(*batch, "_id")), "jobs_done",
                              BCON_INT64(document_int64(*batch, "jobs_done", 0)));
    AUTO(bson) bson_t *update = bson_new();
    bson_t fields;
    bson_t *after = NULL;

    bson_append_document_begin(update, "$set", -1, &fields);
    BCON_APPEND(&fields, "parts_done", BCON_INT64(totals.parts_done), "rows_total",
                BCON_INT64(totals.rows_total), "rows_successful",
                BCON_INT64(totals.rows_successful), "rows_failed", BCON_INT64(totals.rows_failed));
    if (finishes) {
        BSON_APPEND_UTF8(filter, "status", "processing");
        BCON_APPEND(&fields, "status", "completed", "completed_at",
                    BCON_DATE_TIME(totals.ended_at_ms));
    }
    bson_append_document_end(update, &fields);
    if (store_find_and_update(session, BATCHES, filter, update, false, &after, err)) {
        bson_destroy(*batch);
        *batch = after;
        *finished = finishes;
        return true;
    }
    *finished = false;
    return err->kind == ERR_NOT_FOUND;
}

bool batches_fold(struct store_session *session, const bson_t *job, int64_t now_ms,
                  struct batch_fold *out, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *batch = NULL;
    const struct folding folding = {
        .session = session,
        .id = ID_JOIN(arena, document_text(job, "tenant"), document_text(job, "batch_id")),
        .job = job,
        .now_ms = now_ms,
    };
    bool added;
    bool finished;

    if (!ensure_job(&folding, &batch, &added, err) ||
        !write_totals(session, &batch, &finished, err)) {
        return false;
    }
    bool is_owed = is_completed(batch) && stored_date(batch, "announced_at", 0) == 0;

    out->announce = finished || (!added && is_owed);
    out->batch = STEAL(batch);
    return true;
}

bool batches_mark_announced(struct store_session *session, const bson_t *batch, int64_t now_ms,
                            struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(document_text(batch, "_id")));
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "announced_at", BCON_DATE_TIME(now_ms), "}");

    return store_update(session, BATCHES, filter, update, false, NULL, err);
}

/* ---- reading ---- */

struct gathering {
    struct arena *arena;
    const bson_t **items;
    size_t count;
    size_t capacity;
};

static void destroy_document(void *document)
{
    bson_destroy(document);
}

static const bson_t *keep(struct arena *arena, bson_t *document)
{
    arena_defer(arena, destroy_document, document);
    return document;
}

static bool gather(void *ctx, const bson_t *document)
{
    struct gathering *all = ctx;

    if (all->count == all->capacity) {
        const bson_t **old = all->items;

        all->capacity = all->capacity ? 2 * all->capacity : 16;
        all->items = arena_alloc(all->arena, all->capacity * sizeof(*all->items));
        if (all->count > 0) {
            memcpy(all->items, old, all->count * sizeof(*all->items));
        }
    }
    all->items[all->count++] = keep(all->arena, bson_copy(document));
    return true;
}

bool batches_load(struct store_session *session, struct arena *arena, const char *tenant,
                  const char *batch_id, struct batch_records *out, struct err *err)
{
    AUTO(bson)
    bson_t *filter = BCON_NEW("tenant", BCON_UTF8(tenant), "batch_id", BCON_UTF8(batch_id),
                              "acceptance", "{", "$ne", "abandoned", "}");
    AUTO(bson)
    bson_t *options = BCON_NEW("projection", "{", "settings", BCON_INT32(0), "batch_metadata",
                               BCON_INT32(0), "}");
    struct gathering all = {.arena = arena};
    bson_t *batch = NULL;

    /* The batch first: a job that ends in between is then found by itself, and not in neither of
     * the two. */
    if (!store_get(session, BATCHES, ID_JOIN(arena, tenant, batch_id), &batch, err) &&
        err->kind != ERR_NOT_FOUND) {
        return false;
    }
    *out = (struct batch_records){.batch = batch ? keep(arena, batch) : NULL};
    if (!store_find(session, JOBS, filter, options, gather, &all, err)) {
        return false;
    }
    out->jobs = all.items;
    out->job_count = all.count;
    return out->batch || out->job_count > 0 ||
           err_set(err, ERR_NOT_FOUND, "tenant %s has no batch %s", tenant, batch_id);
}
