/* The rules of the product import: docs/API.md, "Products". */
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/mapping.h"
#include "domain/media.h"
#include "domain/packaging.h"
#include "domain/product_fields.h"
#include "domain/product_publication.h"
#include "domain/promotion.h"
#include "domain/reference.h"
#include "domain/variant.h"

#include <string.h>

/* Whether and from where a product is published is the system's matter too. */
static bool is_system_field(const char *key)
{
    static const char *const names[] = {"completeness_score", "embeds", "packaging_prices",
                                        "published_at",       "source", "status"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], key) == 0) {
            return true;
        }
    }
    return entity_is_system_field(key);
}

static void restore_paths(const struct row_context *ctx, const bson_t *sent)
{
    mapping_restore_paths(ctx->settings->mappings, ctx->settings->mapping_count, sent,
                          ctx->findings);
}

/* The code of a mapped row; NULL with a finding when it has none. */
static const char *find_code(const struct row_context *ctx, const bson_t *row)
{
    bson_iter_t code;
    bool has_code = bson_iter_init_find(&code, row, "entity_code") && !BSON_ITER_HOLDS_NULL(&code);
    const char *path = has_code ? "/entity_code" : "/sku";

    if (!has_code && (!bson_iter_init_find(&code, row, "sku") || BSON_ITER_HOLDS_NULL(&code))) {
        findings_add(ctx->findings, PROBLEM_code_missing, "",
                     "the row has neither entity_code nor sku");
        return NULL;
    }
    return entity_check_code(ctx, &code, path) ? bson_iter_utf8(&code, NULL) : NULL;
}

static bool identify(const struct row_context *ctx, const bson_t *row, struct identified_row *out)
{
    *out = (struct identified_row){.sent = row};
    out->row = mapping_apply(ctx->arena, ctx->settings->mappings, ctx->settings->mapping_count, row,
                             ctx->findings);
    out->code = find_code(ctx, out->row);
    if (!out->code) {
        /* It will not be applied, but its other errors are reported all the same. */
        entity_stored_form(ctx, &(struct identified_row){.row = out->row, .code = ""});
        restore_paths(ctx, row);
    }
    return out->code != NULL;
}

/* Replace mode drops what is not sent again, but not the product's own publishing rule. */
static void keep_publish_fields(const bson_t *current, bson_t *content)
{
    static const char *const names[] = {"auto_publish_enabled", "min_score_threshold",
                                        "required_fields"};
    bson_iter_t it;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!bson_has_field(content, names[i]) && bson_iter_init_find(&it, current, names[i])) {
            bson_append_iter(content, names[i], -1, &it);
        }
    }
}

/* Lays what stands at the paths in `current` over `content`. */
static void keep_locked(const struct text_list *paths, const bson_t *current, bson_t *content)
{
    AUTO(arena) struct arena *scratch = arena_new();
    bson_iter_t value;

    for (size_t i = 0; i < paths->count; i++) {
        if (document_find(current, paths->items[i], &value)) {
            const bson_t *next = document_set(scratch, content, paths->items[i], &value);

            bson_reinit(content);
            bson_concat(content, next);
            arena_reset(scratch);
        }
    }
}

static const bson_t *with_defaults(const struct row_context *ctx, const char *code,
                                   const bson_t *content)
{
    bson_t *out = document_new(ctx->arena);
    bson_t channels;

    bson_concat(out, content);
    if (!document_holds(content, "sku") && !bson_has_field(content, "sku")) {
        BSON_APPEND_UTF8(out, "sku", code);
    }
    if (!bson_has_field(content, "channels")) {
        BSON_APPEND_ARRAY_BEGIN(out, "channels", &channels);
        BSON_APPEND_UTF8(&channels, "0", "default");
        bson_append_array_end(out, &channels);
    }
    if (!bson_has_field(content, "unit")) {
        BSON_APPEND_UTF8(out, "unit", "pcs");
    }
    if (!bson_has_field(content, "product_kind")) {
        BSON_APPEND_UTF8(out, "product_kind", "standard");
    }
    if (!bson_has_field(content, "is_parent")) {
        BSON_APPEND_BOOL(out, "is_parent", !variant_is(content));
    }
    if (!bson_has_field(content, "include_faceting")) {
        BSON_APPEND_BOOL(out, "include_faceting", true);
    }
    return out;
}

static const bson_t *keep_locks(const struct row_context *ctx, const bson_t *current,
                                const bson_t *content)
{
    if (!current) {
        return content;
    }
    struct text_list locks = document_texts(ctx->arena, current, "locked_fields");
    bson_t *kept = document_new(ctx->arena);

    bson_concat(kept, content);
    keep_locked(&ctx->settings->locked_fields, current, kept);
    keep_locked(&locks, current, kept);
    return kept;
}

/* The row laid over what stands there, by the mode of the import. */
static const bson_t *merge_row(const struct row_context *ctx, const bson_t *current, bson_t *sent)
{
    if (ctx->settings->merge_mode != MERGE_PARTIAL) {
        keep_publish_fields(current, sent);
        return sent;
    }
    const bson_t *old = entity_content(ctx->arena, current, is_system_field);

    return media_merge(ctx->arena, old, sent, document_merge(ctx->arena, old, sent));
}

/* What is stored as the product's content after this row. Ids become snapshots only after the
 * merge, so that nothing of the snapshot of another entity stays in them. */
static const bson_t *next_content(const struct row_context *ctx, const struct identified_row *row,
                                  const bson_t *current)
{
    bson_t *sent = entity_stored_form(ctx, row);
    const bson_t *content = current ? merge_row(ctx, current, sent) : sent;

    content = reference_resolve(ctx->snapshots, content, sent);
    content = keep_locks(ctx, current, content);
    if (current && ctx->settings->merge_mode == MERGE_PARTIAL) {
        content = variant_follow_parent(ctx->arena, sent, current, content);
    }
    content = promotion_denormalise(ctx->arena, sent, current, content);
    /* What follows from a locked parent or promotion may be locked itself. */
    content = keep_locks(ctx, current, content);
    packaging_check_refs(ctx->findings, sent);
    variant_check_parent(ctx->findings, sent, content);
    return with_defaults(ctx, row->code, content);
}

static void append_source(const struct row_context *ctx, bson_t *out)
{
    const struct import_settings *settings = ctx->settings;
    bson_t source;

    BSON_APPEND_DOCUMENT_BEGIN(out, "source", &source);
    if (settings->source_id) {
        BSON_APPEND_UTF8(&source, "source_id", settings->source_id);
    }
    if (settings->source_name) {
        BSON_APPEND_UTF8(&source, "source_name", settings->source_name);
    }
    BSON_APPEND_DATE_TIME(&source, "imported_at", ctx->now_ms);
    if (settings->batch_id) {
        BSON_APPEND_UTF8(&source, "batch_id", settings->batch_id);
    }
    if (settings->batch_metadata) {
        BSON_APPEND_DOCUMENT(&source, "batch_metadata", settings->batch_metadata);
    }
    bson_append_document_end(out, &source);
}

/* The source stays with a version that no import of the product made. */
static void keep_source(const bson_t *current, bson_t *out)
{
    bson_iter_t source;

    if (bson_iter_init_find(&source, current, "source")) {
        bson_append_iter(out, "source", -1, &source);
    }
}

static bool is_unchanged(const struct row_context *ctx, const bson_t *current,
                         const bson_t *content, bool is_published)
{
    const char *status = current ? document_text(current, "status") : NULL;

    return status && ctx->settings->skip_unchanged &&
           (strcmp(status, "published") == 0) == is_published &&
           document_equal(current, content, is_system_field);
}

static void apply(const struct row_context *ctx, const struct identified_row *row,
                  const bson_t *current, struct row_outcome *out)
{
    const bson_t *content = next_content(ctx, row, current);

    *out = (struct row_outcome){.result = ROW_REFUSED};
    restore_paths(ctx, row->sent);
    if (ctx->findings->errors > 0) {
        return;
    }
    struct publication publication = publication_decide(ctx, row, current, content);

    out->meets_publish_rule = publication.meets_rule;
    if (is_unchanged(ctx, current, content, publication.is_published)) {
        out->result = ROW_UNCHANGED;
        out->version = document_int64(current, "version", 0);
        return;
    }
    bson_t *system = document_new(ctx->arena);

    publication_append(&publication, current, ctx->now_ms, system);
    append_source(ctx, system);
    reference_append_embeds(ctx->arena, ctx->tenant, content, system);
    out->document = entity_next_version(
        ctx, &(struct version_parts){row->code, current, content, system}, &out->version);
    out->result = current ? ROW_UPDATED : ROW_CREATED;
}

static void embed(const struct row_context *ctx, const struct embedding *embedding,
                  const bson_t *current, struct row_outcome *out)
{
    const bson_t *old = entity_content(ctx->arena, current, is_system_field);
    const bson_t *content = keep_locks(ctx, current, reference_embed(ctx->arena, old, embedding));

    if (document_equal(old, content, NULL)) {
        *out = (struct row_outcome){.result = ROW_UNCHANGED,
                                    .version = document_int64(current, "version", 0)};
        return;
    }
    struct publication publication = publication_keep(current, content);
    bson_t *system = document_new(ctx->arena);

    publication_append(&publication, current, ctx->now_ms, system);
    keep_source(current, system);
    reference_append_embeds(ctx->arena, ctx->tenant, content, system);
    *out = (struct row_outcome){.result = ROW_UPDATED};
    out->document = entity_next_version(
        ctx,
        &(struct version_parts){document_text(current, "entity_code"), current, content, system},
        &out->version);
}

const struct entity entity_products = {
    .name = "products",
    .singular = "product",
    .code_field = "entity_code",
    .code_alias = "sku",
    .history = "product_versions",
    .fields = &product_fields,
    .is_system = is_system_field,
    .identify = identify,
    .apply = apply,
    .embed = embed,
    .is_searched = true,
};
