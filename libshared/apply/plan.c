#include "apply/apply_internal.h"

#include "base/clock.h"
#include "config/config.h"
#include "domain/document.h"

#include <string.h>

static const char PUBLIC_CODES[] = "public_codes";
static const char COUNTERS[] = "counters";

/* A row on its way through the plan. */
struct planned_row {
    const struct message_row *row;
    const bson_t *sent; /* NULL when ingress refused it */
    struct identified_row identified;
    struct findings findings;
    struct slot *slot; /* NULL when the row has no code */
};

struct planning {
    struct apply *apply;
    struct changes *changes;
    int64_t now_ms;
};

void bson_list_add(struct arena *arena, struct bson_list *list, const bson_t *document)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        const bson_t **items = arena_calloc(arena, cap, sizeof(*items));

        if (list->count) {
            memcpy(items, list->items, list->count * sizeof(*items));
        }
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = document;
}

static struct row_context context_of(const struct planning *planning, const struct work *work,
                                     struct planned_row *planned)
{
    return (struct row_context){
        .arena = planning->apply->arena,
        .settings = &work->settings,
        .findings = &planned->findings,
        .claims = planning->apply->entity->has_claims ? &planning->changes->claims : NULL,
        .tenant = work->chunk.origin.tenant,
        .job_id = work->chunk.origin.job_id,
        .row = planned->row->index,
        .now_ms = planning->now_ms,
    };
}

static struct slot *slot_for(const struct planning *planning, const char *tenant, const char *code)
{
    struct arena *arena = planning->apply->arena;
    char *id = ID_JOIN(arena, tenant, code);
    struct slot *slot = strmap_get(planning->changes->slots, id);

    if (!slot) {
        slot = arena_calloc(arena, 1, sizeof(*slot));
        slot->id = id;
        strmap_put(planning->changes->slots, id, slot);
    }
    return slot;
}

static void identify(const struct planning *planning, const struct work *work,
                     struct planned_row *planned)
{
    const struct entity *entity = planning->apply->entity;
    struct row_context ctx = context_of(planning, work, planned);
    const struct message_row *row = planned->row;

    planned->findings.arena = planning->apply->arena;
    if (row->refused_code) {
        const struct problem *problem = problem_find(row->refused_code);

        findings_add(&planned->findings, problem ? problem_id_of(problem) : PROBLEM_row_too_large,
                     "", "%s", row->refused_reason);
        return;
    }
    planned->sent = document_view(planning->apply->arena, row->bson.p, row->bson.n);
    if (!planned->sent) {
        findings_add(&planned->findings, PROBLEM_chunk_unreadable, "", "the row is damaged");
        return;
    }
    if (entity->identify(&ctx, planned->sent, &planned->identified)) {
        planned->slot = slot_for(planning, ctx.tenant, planned->identified.code);
    }
}

/* ---- loading what the rows meet ---- */

struct loading {
    struct arena *arena;
    struct changes *changes;
};

static bool on_current(void *ctx, const bson_t *document)
{
    const struct loading *loading = ctx;
    const char *id = document_text(document, "_id");
    struct slot *slot = id ? strmap_get(loading->changes->slots, id) : NULL;

    if (slot) {
        const uint8_t *bytes = bson_get_data(document);

        slot->stored = document_view(
            loading->arena, arena_memdup(loading->arena, bytes, document->len), document->len);
        slot->current = slot->stored;
    }
    return true;
}

static bool load_current(const struct planning *planning, struct store_session *session,
                         struct err *err)
{
    struct loading loading = {planning->apply->arena, planning->changes};
    size_t count = strmap_count(planning->changes->slots);
    const char **ids = arena_calloc(loading.arena, count, sizeof(*ids));

    for (size_t i = 0; i < count; i++) {
        (void)strmap_at(planning->changes->slots, i, &ids[i]);
    }
    return store_find_ids(session, planning->apply->entity->name, ids, count, on_current, &loading,
                          err);
}

static bool on_claim(void *ctx, const bson_t *document)
{
    const struct loading *loading = ctx;
    const char *code = document_text(document, "public_code");
    const char *owner = document_text(document, "external_code");

    if (code && owner) {
        claims_know(&loading->changes->claims, code, owner);
    }
    return true;
}

static bool load_counter(const struct planning *planning, struct store_session *session,
                         const char *tenant, struct err *err)
{
    AUTO(bson) bson_t *counter = NULL;
    const char *id = ID_JOIN(planning->apply->arena, tenant, "public_code");
    int64_t next = 1;

    if (store_get(session, COUNTERS, id, &counter, err)) {
        next = document_int64(counter, "next", 1);
    } else if (err->kind != ERR_NOT_FOUND) {
        return false;
    }
    claims_init(&planning->changes->claims, planning->apply->arena, next);
    return true;
}

static bool load_claims(const struct planning *planning, struct store_session *session,
                        const struct planned_row *rows, size_t count, struct err *err)
{
    struct loading loading = {planning->apply->arena, planning->changes};
    const char *tenant = planning->changes->tenant;
    const char **ids = arena_calloc(loading.arena, count, sizeof(*ids));
    size_t wanted = 0;

    if (!planning->apply->entity->has_claims) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].identified.claim) {
            ids[wanted++] = ID_JOIN(loading.arena, tenant, rows[i].identified.claim);
        }
    }
    return load_counter(planning, session, tenant, err) &&
           store_find_ids(session, PUBLIC_CODES, ids, wanted, on_claim, &loading, err);
}

/* ---- deciding row by row ---- */

static void append_findings(bson_t *out, const struct findings *findings)
{
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, "findings", &list);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        char buffer[16];
        const char *key;
        size_t n = bson_uint32_to_string((uint32_t)i, &key, buffer, sizeof(buffer));
        bson_t item;

        bson_append_document_begin(&list, key, (int)n, &item);
        BSON_APPEND_UTF8(&item, "severity", finding->is_warning ? "warning" : "error");
        BSON_APPEND_UTF8(&item, "code", problem_get(finding->problem)->code);
        BSON_APPEND_UTF8(&item, "error", finding->text);
        BSON_APPEND_UTF8(&item, "path", finding->path);
        bson_append_document_end(&list, &item);
    }
    bson_append_array_end(out, &list);
}

/* The document of `import_errors` for a row that has something to tell. */
static const bson_t *error_document(const struct planning *planning, const struct work *work,
                                    const struct planned_row *planned)
{
    struct arena *arena = planning->apply->arena;
    const struct message_origin *origin = &work->chunk.origin;
    bson_t *out = document_new(arena);

    BSON_APPEND_UTF8(
        out, "_id",
        ID_JOIN(arena, origin->job_id, arena_printf(arena, "%08u", planned->row->index)));
    BSON_APPEND_UTF8(out, "tenant", origin->tenant);
    BSON_APPEND_UTF8(out, "job_id", origin->job_id);
    BSON_APPEND_INT64(out, "row", planned->row->index);
    if (planned->identified.code) {
        BSON_APPEND_UTF8(out, "entity_code", planned->identified.code);
    } else {
        BSON_APPEND_NULL(out, "entity_code");
    }
    if (planned->sent) {
        BSON_APPEND_DOCUMENT(out, "raw_data", planned->sent);
    } else {
        BSON_APPEND_NULL(out, "raw_data");
    }
    append_findings(out, &planned->findings);
    BSON_APPEND_DATE_TIME(out, "expires_at",
                          planning->now_ms + planning->apply->config->receipt_ttl_s * 1000);
    return out;
}

static void put_version(const struct planning *planning, struct slot *slot,
                        const struct row_outcome *outcome)
{
    struct arena *arena = planning->apply->arena;

    if (slot->current) {
        const char *history_id =
            arena_printf(arena, "%s|%lld", slot->id, (long long)outcome->version - 1);

        bson_list_add(arena, &planning->changes->history,
                      entity_demote(arena, slot->current, history_id));
    }
    slot->current = outcome->document;
}

static enum row_result apply_row(const struct planning *planning, struct work *work,
                                 struct planned_row *planned, struct row_outcome *outcome)
{
    struct row_context ctx = context_of(planning, work, planned);

    *outcome = (struct row_outcome){.result = ROW_REFUSED};
    if (!planned->slot || planned->findings.errors > 0) {
        return ROW_REFUSED;
    }
    planning->apply->entity->apply(&ctx, &planned->identified, planned->slot->current, outcome);
    if (outcome->document && outcome->document->len > ENTITY_MAX_DOCUMENT) {
        findings_add(&planned->findings, PROBLEM_document_too_large, "",
                     "the document would have %u bytes, at most %d are stored",
                     outcome->document->len, ENTITY_MAX_DOCUMENT);
        outcome->result = ROW_REFUSED;
        outcome->document = NULL;
    }
    if (outcome->document) {
        put_version(planning, planned->slot, outcome);
    }
    return outcome->result;
}

static void count_row(const struct planned_row *planned, const struct row_outcome *outcome,
                      bool search_enabled, struct receipt *receipt)
{
    struct chunk_counts *counts = &receipt->counts;

    counts->errors += (uint32_t)planned->findings.errors;
    counts->warnings += (uint32_t)planned->findings.warnings;
    if (outcome->result == ROW_REFUSED) {
        counts->failed++;
        return;
    }
    counts->successful++;
    counts->created += outcome->result == ROW_CREATED;
    counts->unchanged += outcome->result == ROW_UNCHANGED;
    counts->published += outcome->meets_publish_rule;
    if (search_enabled && outcome->document) {
        receipt->items[counts->search_items++] =
            (struct search_item){planned->identified.code, outcome->version};
    }
}

static void apply_chunk(const struct planning *planning, struct work *work,
                        struct planned_row *rows)
{
    struct receipt *receipt = &work->receipt;

    receipt->origin = work->chunk.origin;
    receipt->started_at_ms = planning->now_ms;
    receipt->items =
        arena_calloc(planning->apply->arena, work->chunk.row_count, sizeof(*receipt->items));
    for (size_t i = 0; i < work->chunk.row_count; i++) {
        struct row_outcome outcome;

        apply_row(planning, work, &rows[i], &outcome);
        count_row(&rows[i], &outcome, work->settings.search_enabled, receipt);
        if (rows[i].findings.count > 0) {
            bson_list_add(planning->apply->arena, &planning->changes->errors,
                          error_document(planning, work, &rows[i]));
        }
    }
    receipt->counts.search_batches =
        (receipt->counts.search_items + SEARCH_BATCH_ITEMS - 1) / SEARCH_BATCH_ITEMS;
    receipt->finished_at_ms = clock_now_ms();
}

bool apply_plan(struct apply *apply, struct store_session *session, struct works *works,
                struct changes *changes, struct err *err)
{
    struct planning planning = {apply, changes, clock_now_ms()};
    size_t total = 0;
    size_t at = 0;

    changes->slots = strmap_new(apply->arena);
    changes->tenant = works->items[0].chunk.origin.tenant;
    for (size_t i = 0; i < works->count; i++) {
        total += works->items[i].chunk.row_count;
    }
    struct planned_row *rows = arena_calloc(apply->arena, total, sizeof(*rows));

    for (size_t i = 0; i < works->count; i++) {
        const struct work *work = &works->items[i];

        for (size_t k = 0; k < work->chunk.row_count && !work->has_receipt; k++, at++) {
            rows[at].row = &work->chunk.rows[k];
            identify(&planning, work, &rows[at]);
        }
    }
    if (!load_current(&planning, session, err) || !load_claims(&planning, session, rows, at, err)) {
        return false;
    }
    at = 0;
    for (size_t i = 0; i < works->count; i++) {
        if (!works->items[i].has_receipt) {
            apply_chunk(&planning, &works->items[i], rows + at);
            at += works->items[i].chunk.row_count;
        }
    }
    return true;
}
