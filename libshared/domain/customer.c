/* The rules of the companies import: docs/API.md, "Companies". */
#include "domain/address.h"
#include "domain/array.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/field.h"
#include "domain/legal.h"

#include <string.h>

static const struct field legal_info_list[] = {
    {"fiscal_code", FIELD_TEXT, NULL, NULL},
    {"pec_email", FIELD_TEXT, NULL, NULL},
    {"sdi_code", FIELD_TEXT, NULL, NULL},
    {"vat_number", FIELD_TEXT, NULL, NULL},
};
static const struct field_table legal_info = FIELD_TABLE(legal_info_list);

static const char *const customer_types[] = {"business", "private", "reseller", NULL};

static const struct field customer_field_list[] = {
    {"addresses", FIELD_OBJECTS, &address_fields, NULL},
    {"channel", FIELD_TEXT, NULL, NULL},
    {"company_name", FIELD_TEXT, NULL, NULL},
    {"customer_type", FIELD_TEXT, NULL, customer_types},
    {"email", FIELD_TEXT, NULL, NULL},
    {"external_code", FIELD_TEXT, NULL, NULL},
    {"first_name", FIELD_TEXT, NULL, NULL},
    {"last_name", FIELD_TEXT, NULL, NULL},
    {"legal_info", FIELD_OBJECT, &legal_info, NULL},
    {"phone", FIELD_TEXT, NULL, NULL},
    {"public_code", FIELD_TEXT, NULL, NULL},
    {"tags", FIELD_TEXTS, NULL, NULL},
};
static const struct field_table customer_fields = FIELD_TABLE(customer_field_list);

static bool identify(const struct row_context *ctx, const bson_t *row, struct identified_row *out)
{
    const char *public_code = document_text(row, "public_code");

    if (!entity_identify(ctx, row, PROBLEM_external_code_missing, out)) {
        return false;
    }
    out->claim = public_code && *public_code ? public_code : NULL;
    return true;
}

/* A checker of one member of legal_info; NULL text means the value could not even be normalised. */
static bool legal_value_is_valid(const char *key, const char *text, bool strict)
{
    if (strcmp(key, "vat_number") == 0) {
        return legal_vat_is_valid(text, strict);
    }
    if (strcmp(key, "fiscal_code") == 0) {
        return legal_fiscal_code_is_valid(text, strict);
    }
    return legal_sdi_code_is_valid(text);
}

static enum problem_id legal_problem(const char *key)
{
    if (strcmp(key, "vat_number") == 0) {
        return PROBLEM_vat_number_invalid;
    }
    if (strcmp(key, "fiscal_code") == 0) {
        return PROBLEM_fiscal_code_invalid;
    }
    return strcmp(key, "sdi_code") == 0 ? PROBLEM_sdi_code_invalid : PROBLEM_pec_email_invalid;
}

static void copy_legal_value(const struct row_context *ctx, const bson_iter_t *value, bson_t *out)
{
    const char *key = bson_iter_key(value);
    const char *text = BSON_ITER_HOLDS_UTF8(value) ? bson_iter_utf8(value, NULL) : "";
    bool is_email = strcmp(key, "pec_email") == 0;
    char clean[LEGAL_TEXT_SIZE];

    if (!*text || !field_find(&legal_info, key)) {
        bson_append_iter(out, key, -1, value);
        return;
    }
    bool ok = is_email ? legal_email_is_valid(text)
                       : legal_normalise(text, clean) &&
                             legal_value_is_valid(key, clean, ctx->settings->strict_legal_info);

    if (!ok) {
        findings_add(ctx->findings, legal_problem(key),
                     arena_printf(ctx->arena, "/legal_info/%s", key),
                     "legal_info.%s \"%.60s\" is not valid", key, text);
        return;
    }
    BSON_APPEND_UTF8(out, key, is_email ? text : clean);
}

static const bson_t *with_legal_info(const struct row_context *ctx, const bson_t *sent)
{
    bson_iter_t legal;
    bson_iter_t it;
    bson_iter_t value;
    bson_t checked;

    if (!bson_iter_init_find(&legal, sent, "legal_info") || !BSON_ITER_HOLDS_DOCUMENT(&legal)) {
        return sent;
    }
    bson_t *holder = document_new(ctx->arena);

    BSON_APPEND_DOCUMENT_BEGIN(holder, "legal_info", &checked);
    for (bool more = bson_iter_recurse(&legal, &it) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        copy_legal_value(ctx, &it, &checked);
    }
    bson_append_document_end(holder, &checked);
    bson_iter_init_find(&value, holder, "legal_info");
    return document_set(ctx->arena, sent, "legal_info", &value);
}

static void add_tags(struct array *out, const struct text_list *tags,
                     const struct text_list *unless)
{
    for (size_t i = 0; i < tags->count; i++) {
        struct text_list before = {tags->items, i};

        if (!text_list_has(&before, tags->items[i]) &&
            !(unless && text_list_has(unless, tags->items[i]))) {
            array_add_text(out, str_from(tags->items[i]));
        }
    }
}

/* Partial mode adds tags: the old ones in their order, then the new ones. */
static const bson_t *unite_tags(struct arena *arena, const bson_t *current, const bson_t *sent,
                                const bson_t *merged)
{
    struct text_list old = document_texts(arena, current, "tags");
    struct text_list new = document_texts(arena, sent, "tags");
    bson_t *holder = document_new(arena);
    bson_iter_t value;
    struct array tags;

    if (!document_find(sent, "tags", &value) || !BSON_ITER_HOLDS_ARRAY(&value)) {
        return merged;
    }
    array_begin(holder, "tags", &tags);
    add_tags(&tags, &old, NULL);
    add_tags(&tags, &new, &old);
    array_end(&tags);
    bson_iter_init_find(&value, holder, "tags");
    return document_set(arena, merged, "tags", &value);
}

/* Replace mode: every field that was sent wins as a whole, the others stay. */
static const bson_t *overlay(struct arena *arena, const bson_t *current, const bson_t *sent)
{
    bson_t *out = document_new(arena);
    bson_iter_t it;
    bson_iter_t other;

    for (bool more = bson_iter_init(&it, current) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        bool is_sent = bson_iter_init_find(&other, sent, bson_iter_key(&it));

        bson_append_iter(out, bson_iter_key(&it), -1, is_sent ? &other : &it);
    }
    for (bool more = bson_iter_init(&it, sent) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!bson_has_field(current, bson_iter_key(&it))) {
            bson_append_iter(out, bson_iter_key(&it), -1, &it);
        }
    }
    return out;
}

static const bson_t *with_text(struct arena *arena, const bson_t *content, const char *key,
                               const char *text)
{
    bson_t *out = document_new(arena);

    bson_concat(out, content);
    BSON_APPEND_UTF8(out, key, text);
    return out;
}

static const bson_t *next_content(const struct row_context *ctx, const struct identified_row *row,
                                  const bson_t *current)
{
    const bson_t *sent = with_legal_info(ctx, entity_stored_form(ctx, row));
    const bson_t *content = sent;
    const bson_t *old =
        current ? entity_content(ctx->arena, current, entity_is_system_field) : NULL;
    bool is_partial = ctx->settings->merge_mode == MERGE_PARTIAL;

    if (old && is_partial) {
        content = document_merge(ctx->arena, old, sent);
        content = unite_tags(ctx->arena, old, sent, content);
    } else if (old) {
        content = overlay(ctx->arena, old, sent);
    }
    content = addresses_apply(ctx, is_partial ? old : NULL, sent, content);
    if (!bson_has_field(content, "channel") && ctx->settings->default_channel) {
        content = with_text(ctx->arena, content, "channel", ctx->settings->default_channel);
    }
    return content;
}

/* Makes sure that the company has a public code of its own: the one sent, else the one it has, else
 * a new one. False with a finding when another company holds it. */
static bool settle_public_code(const struct row_context *ctx, const struct identified_row *row,
                               const bson_t *current, const bson_t **content)
{
    const char *code = document_text(*content, "public_code");

    if (!code || !*code) {
        bson_t *bare = document_new(ctx->arena);
        const char *old = current ? document_text(current, "public_code") : NULL;

        bson_copy_to_excluding_noinit(*content, bare, "public_code", NULL);
        *content = with_text(ctx->arena, bare, "public_code",
                             old ? old : claims_next(ctx->claims, row->code));
        return true;
    }
    if (row->claim && !claims_take(ctx->claims, code, row->code)) {
        findings_add(ctx->findings, PROBLEM_public_code_taken, "/public_code",
                     "public_code \"%.60s\" belongs to another company", code);
        return false;
    }
    return true;
}

static void apply(const struct row_context *ctx, const struct identified_row *row,
                  const bson_t *current, struct row_outcome *out)
{
    const bson_t *content = next_content(ctx, row, current);

    *out = (struct row_outcome){.result = ROW_REFUSED};
    if (ctx->findings->errors > 0 || !settle_public_code(ctx, row, current, &content)) {
        return;
    }
    struct version_parts parts = {row->code, current, content, NULL};

    out->document = entity_next_version(ctx, &parts, &out->version);
    out->result = current ? ROW_UPDATED : ROW_CREATED;
}

const struct entity entity_customers = {
    .name = "customers",
    .singular = "customer",
    .code_field = "external_code",
    .history = "customer_versions",
    .fields = &customer_fields,
    .has_claims = true,
    .is_system = entity_is_system_field,
    .identify = identify,
    .apply = apply,
    .is_searched = true,
};
