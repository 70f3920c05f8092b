#include "apply/planning.h"

#include "base/clock.h"
#include "config/config.h"
#include "domain/document.h"
#include "domain/reference.h"

#include <string.h>

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
        .entity = planning->changes->entity,
        .settings = &work->settings,
        .findings = &planned->findings,
        .claims = planning->changes->entity->has_claims ? &planning->changes->claims : NULL,
        .snapshots = &planning->changes->snapshots,
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
    const struct entity *entity = planning->changes->entity;
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
    if (!entity->identify(&ctx, planned->sent, &planned->identified)) {
        return;
    }
    planned->slot = slot_for(planning, ctx.tenant, planned->identified.code);
    if (entity->embed && !work->embedded) {
        reference_want(&planning->changes->snapshots, planned->identified.row);
    }
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

static void embed_row(const struct row_context *ctx, const struct work *work,
                      const struct planned_row *planned, struct row_outcome *outcome)
{
    const char *id = work->chunk.embed->id;
    struct embedding embedding = {work->embedded, id,
                                  snapshots_get(ctx->snapshots, work->embedded, id),
                                  .is_listed = !work->chunk.scan};

    if (!planned->slot->current) {
        findings_add(ctx->findings, PROBLEM_product_unknown, "", "there is no product %s",
                     planned->identified.code);
    } else if (!embedding.snapshot) {
        findings_add(ctx->findings, PROBLEM_entity_unknown, "", "there is no %s %s to embed",
                     work->embedded->singular, id);
    } else {
        ctx->entity->embed(ctx, &embedding, planned->slot->current, outcome);
    }
}

static enum row_result apply_row(const struct planning *planning, struct work *work,
                                 struct planned_row *planned, struct row_outcome *outcome)
{
    struct row_context ctx = context_of(planning, work, planned);

    *outcome = (struct row_outcome){.result = ROW_REFUSED};
    if (!planned->slot) {
        return ROW_REFUSED;
    }
    ctx.unknown = &work->receipt.unknown;
    if (work->embedded) {
        embed_row(&ctx, work, planned, outcome);
    } else {
        ctx.entity->apply(&ctx, &planned->identified, planned->slot->current, outcome);
    }
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
                      bool is_searched, struct receipt *receipt)
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
    if (is_searched && outcome->document) {
        receipt->items[counts->search_items++] =
            (struct search_item){planned->identified.code, outcome->version};
    }
}

static void apply_chunk(const struct planning *planning, struct work *work,
                        struct planned_row *rows)
{
    struct receipt *receipt = &work->receipt;
    bool is_searched = work->settings.search_enabled && work->entity->is_searched;

    receipt->origin = work->chunk.origin;
    receipt->unknown.arena = planning->apply->arena;
    receipt->started_at_ms = planning->now_ms;
    receipt->items =
        arena_calloc(planning->apply->arena, work->chunk.row_count, sizeof(*receipt->items));
    for (size_t i = 0; i < work->chunk.row_count; i++) {
        struct row_outcome outcome;

        apply_row(planning, work, &rows[i], &outcome);
        count_row(&rows[i], &outcome, is_searched, receipt);
        if (rows[i].findings.count > 0) {
            bson_list_add(planning->apply->arena, &planning->changes->errors,
                          planning_error_document(planning, work, &rows[i]));
        }
    }
    receipt->counts.search_batches =
        (receipt->counts.search_items + SEARCH_BATCH_ITEMS - 1) / SEARCH_BATCH_ITEMS;
    receipt->finished_at_ms = clock_now_ms();
}

/* Finds the rows of pages, and notes whose snapshots are embedded. */
static bool prepare(const struct planning *planning, struct store_session *session,
                    struct works *works, size_t *row_count, struct err *err)
{
    *row_count = 0;
    for (size_t i = 0; i < works->count; i++) {
        struct work *work = &works->items[i];

        if (work->has_receipt) {
            continue;
        }
        if (work->chunk.scan && !planning_scan(planning, session, work, err)) {
            return false;
        }
        if (work->embedded) {
            snapshots_want(&planning->changes->snapshots, work->embedded, work->chunk.embed->id);
        }
        *row_count += work->chunk.row_count;
    }
    return true;
}

static void identify_all(const struct planning *planning, const struct works *works,
                         struct planned_row *rows)
{
    for (size_t i = 0; i < works->count; i++) {
        const struct work *work = &works->items[i];

        for (size_t k = 0; k < work->chunk.row_count && !work->has_receipt; k++, rows++) {
            rows->row = &work->chunk.rows[k];
            identify(planning, work, rows);
        }
    }
}

bool apply_plan(struct apply *apply, struct store_session *session, struct works *works,
                struct changes *changes, struct err *err)
{
    struct planning planning = {apply, changes, clock_now_ms()};
    size_t count;

    changes->slots = strmap_new(apply->arena);
    changes->snapshots.arena = apply->arena;
    changes->entity = works->items[0].entity;
    changes->tenant = works->items[0].chunk.origin.tenant;
    if (!prepare(&planning, session, works, &count, err)) {
        return false;
    }
    struct planned_row *rows = arena_calloc(apply->arena, count, sizeof(*rows));

    identify_all(&planning, works, rows);
    if (!planning_load(&planning, session, rows, count, err)) {
        return false;
    }
    for (size_t i = 0; i < works->count; i++) {
        if (!works->items[i].has_receipt) {
            apply_chunk(&planning, &works->items[i], rows);
            rows += works->items[i].chunk.row_count;
        }
    }
    return true;
}
