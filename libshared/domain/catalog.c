/* The rules of the entities that products refer to: docs/API.md, "Other entities". */
#include "domain/catalog_fields.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/synonym.h"

#include <string.h>

static bool identify(const struct row_context *ctx, const bson_t *row, struct identified_row *out)
{
    return entity_identify(ctx, row, PROBLEM_code_invalid, out);
}

static const bson_t *next_content(const struct row_context *ctx, const bson_t *current,
                                  const bson_t *sent)
{
    if (!current || ctx->settings->merge_mode != MERGE_PARTIAL) {
        return sent;
    }
    return document_merge(ctx->arena, entity_content(ctx->arena, current, ctx->entity->is_system),
                          sent);
}

static void put_version(const struct row_context *ctx, const struct version_parts *parts,
                        struct row_outcome *out)
{
    *out = (struct row_outcome){.result = ROW_REFUSED};
    if (ctx->findings->errors > 0) {
        return;
    }
    out->document = entity_next_version(ctx, parts, &out->version);
    out->result = parts->current ? ROW_UPDATED : ROW_CREATED;
}

static void apply(const struct row_context *ctx, const struct identified_row *row,
                  const bson_t *current, struct row_outcome *out)
{
    const bson_t *content = next_content(ctx, current, entity_stored_form(ctx, row));

    put_version(ctx, &(struct version_parts){row->code, current, content, NULL}, out);
}

/* Products name a dictionary by its key. */
static const bson_t *with_key(struct arena *arena, const char *code, const bson_t *content)
{
    bson_t *out = document_new(arena);
    bson_iter_t key;

    bson_concat(out, content);
    if (!bson_iter_init_find(&key, content, "key")) {
        BSON_APPEND_UTF8(out, "key", code);
    }
    return out;
}

static void apply_dictionary(const struct row_context *ctx, const struct identified_row *row,
                             const bson_t *current, struct row_outcome *out)
{
    const bson_t *content = next_content(ctx, current, entity_stored_form(ctx, row));
    bson_t *lookup = document_new(ctx->arena);

    content = with_key(ctx->arena, row->code, content);
    synonym_append_lookup(ctx->arena, ctx->tenant, content, lookup);
    put_version(ctx, &(struct version_parts){row->code, current, content, lookup}, out);
}

static bool is_system_field_of_dictionary(const char *key)
{
    return strcmp(key, "lookup") == 0 || entity_is_system_field(key);
}

const struct entity entity_brands = {
    .name = "brands",
    .singular = "brand",
    .code_field = "brand_id",
    .history = "brand_versions",
    .fields = &brand_fields,
    .is_system = entity_is_system_field,
    .identify = identify,
    .apply = apply,
};

const struct entity entity_categories = {
    .name = "categories",
    .singular = "category",
    .code_field = "category_id",
    .history = "category_versions",
    .fields = &category_fields,
    .is_system = entity_is_system_field,
    .identify = identify,
    .apply = apply,
};

const struct entity entity_collections = {
    .name = "collections",
    .singular = "collection",
    .code_field = "collection_id",
    .history = "collection_versions",
    .fields = &collection_fields,
    .is_system = entity_is_system_field,
    .identify = identify,
    .apply = apply,
};

const struct entity entity_product_types = {
    .name = "product_types",
    .singular = "product_type",
    .code_field = "product_type_id",
    .history = "product_type_versions",
    .fields = &product_type_fields,
    .is_system = entity_is_system_field,
    .identify = identify,
    .apply = apply,
};

const struct entity entity_synonym_dictionaries = {
    .name = "synonym_dictionaries",
    .singular = "synonym_dictionary",
    .code_field = "synonym_dictionary_id",
    .history = "synonym_dictionary_versions",
    .fields = &synonym_dictionary_fields,
    .is_system = is_system_field_of_dictionary,
    .identify = identify,
    .apply = apply_dictionary,
};
