/* The rules of the product import: docs/API.md, "Products". */
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/mapping.h"
#include "domain/media.h"
#include "domain/packaging.h"
#include "domain/product_fields.h"
#include "domain/promotion.h"
#include "domain/variant.h"

#include <string.h>

struct score_rule {
    int points;
    const char *paths[2]; /* any of them with content earns the points */
};

static const struct score_rule score_rules[] = {
    {20, {"name", NULL}},   {20, {"description", NULL}}, {20, {"price", "pricing.list"}},
    {20, {"images", NULL}}, {10, {"brand", NULL}},       {10, {"category", NULL}},
};

static bool has_content(const bson_t *content, const char *path)
{
    bson_iter_t value;

    return document_find(content, path, &value) && document_has_content(&value);
}

static int completeness(const bson_t *content)
{
    int score = 0;

    for (size_t i = 0; i < sizeof(score_rules) / sizeof(score_rules[0]); i++) {
        const struct score_rule *rule = &score_rules[i];

        if (has_content(content, rule->paths[0]) ||
            (rule->paths[1] && has_content(content, rule->paths[1]))) {
            score += rule->points;
        }
    }
    return score;
}

static bool holds_all(const bson_t *content, const struct text_list *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (!has_content(content, paths->items[i])) {
            return false;
        }
    }
    return true;
}

/* The rule of auto-publish: the product's own settings go before the source's; both lists of
 * required fields hold. */
static bool meets_publish_rule(const struct row_context *ctx, const bson_t *content, int score)
{
    const struct import_settings *settings = ctx->settings;
    struct text_list required = document_texts(ctx->arena, content, "required_fields");

    return document_bool(content, "auto_publish_enabled", settings->auto_publish_enabled) &&
           score >=
               document_number(content, "min_score_threshold", settings->min_score_threshold) &&
           holds_all(content, &settings->required_fields) && holds_all(content, &required);
}

static void restore_paths(const struct row_context *ctx, const bson_t *sent)
{
    mapping_restore_paths(ctx->settings->mappings, ctx->settings->mapping_count, sent,
                          ctx->findings);
}

static bool is_left_out(const char *key)
{
    return strcmp(key, "entity_code") == 0 || entity_is_system_field(key);
}

/* Appends the fields of a mapped row in stored form, and reports what is wrong with them. */
static void copy_fields(const struct row_context *ctx, const bson_t *row, bson_t *out)
{
    struct field_walk walk = {ctx->settings, ctx->findings, is_left_out, ctx->unknown};

    field_copy_members(&walk, &product_fields, row, out);
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
        copy_fields(ctx, out->row, document_new(ctx->arena));
        restore_paths(ctx, row);
    }
    return out->code != NULL;
}

/* The row in stored form, its code first. */
static bson_t *stored_form(const struct row_context *ctx, const struct identified_row *row)
{
    bson_t *content = document_new(ctx->arena);

    BSON_APPEND_UTF8(content, "entity_code", row->code);
    copy_fields(ctx, row->row, content);
    return content;
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

static const bson_t *keep_locked(struct arena *arena, const struct text_list *paths,
                                 const bson_t *current, const bson_t *content)
{
    bson_iter_t value;

    for (size_t i = 0; i < paths->count; i++) {
        if (document_find(current, paths->items[i], &value)) {
            content = document_set(arena, content, paths->items[i], &value);
        }
    }
    return content;
}

static const bson_t *with_defaults(const struct row_context *ctx, const char *code,
                                   const bson_t *content)
{
    bson_t *out = document_new(ctx->arena);
    bson_t channels;

    bson_concat(out, content);
    if (!has_content(content, "sku") && !bson_has_field(content, "sku")) {
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

    content = keep_locked(ctx->arena, &ctx->settings->locked_fields, current, content);
    return keep_locked(ctx->arena, &locks, current, content);
}

/* What is stored as the product's content after this row. */
static const bson_t *next_content(const struct row_context *ctx, const struct identified_row *row,
                                  const bson_t *current)
{
    bool is_partial = current && ctx->settings->merge_mode == MERGE_PARTIAL;
    bson_t *sent = stored_form(ctx, row);
    const bson_t *content = sent;

    if (is_partial) {
        const bson_t *old = entity_content(ctx->arena, current, entity_is_system_field);

        content = document_merge(ctx->arena, old, sent);
        content = media_merge(ctx->arena, old, sent, content);
    } else if (current) {
        keep_publish_fields(current, sent);
    }
    content = keep_locks(ctx, current, content);
    if (is_partial) {
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

/* True when the row asks for a draft; a locked auto_publish_enabled is not the row's to ask with.
 */
static bool asks_for_draft(const bson_t *row, const bson_t *content)
{
    const char *status = document_text(row, "status");

    return (status && strcmp(status, "draft") == 0) ||
           !document_bool(content, "auto_publish_enabled", true);
}

struct publication {
    int score;
    bool meets_rule;
    bool is_published;
};

static struct publication decide_publication(const struct row_context *ctx,
                                             const struct identified_row *row,
                                             const bson_t *current, const bson_t *content)
{
    const char *status = current ? document_text(current, "status") : NULL;
    bool was_published = status && strcmp(status, "published") == 0;
    int score = completeness(content);
    bool meets_rule = meets_publish_rule(ctx, content, score);

    return (struct publication){
        .score = score,
        .meets_rule = meets_rule,
        .is_published = meets_rule || (was_published && !asks_for_draft(row->row, content)),
    };
}

static const bson_t *system_fields(const struct row_context *ctx, const bson_t *current,
                                   const struct publication *publication)
{
    bson_t *out = document_new(ctx->arena);
    bson_iter_t published_at;

    BSON_APPEND_UTF8(out, "status", publication->is_published ? "published" : "draft");
    if (publication->is_published) {
        if (current && bson_iter_init_find(&published_at, current, "published_at") &&
            BSON_ITER_HOLDS_DATE_TIME(&published_at)) {
            bson_append_iter(out, "published_at", -1, &published_at);
        } else {
            BSON_APPEND_DATE_TIME(out, "published_at", ctx->now_ms);
        }
    } else {
        BSON_APPEND_NULL(out, "published_at");
    }
    BSON_APPEND_INT32(out, "completeness_score", publication->score);
    append_source(ctx, out);
    return out;
}

static bool is_unchanged(const struct row_context *ctx, const bson_t *current,
                         const bson_t *content, bool is_published)
{
    const char *status = current ? document_text(current, "status") : NULL;

    return status && ctx->settings->skip_unchanged &&
           (strcmp(status, "published") == 0) == is_published &&
           document_equal(current, content, entity_is_system_field);
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
    struct publication publication = decide_publication(ctx, row, current, content);

    out->meets_publish_rule = publication.meets_rule;
    if (is_unchanged(ctx, current, content, publication.is_published)) {
        out->result = ROW_UNCHANGED;
        out->version = document_int64(current, "version", 0);
        return;
    }
    struct version_parts parts = {row->code, current, content,
                                  system_fields(ctx, current, &publication)};

    out->document = entity_next_version(ctx, &parts, &out->version);
    out->result = current ? ROW_UPDATED : ROW_CREATED;
}

const struct entity entity_products = {
    .name = "products",
    .history = "product_versions",
    .fields = &product_fields,
    .identify = identify,
    .apply = apply,
};
