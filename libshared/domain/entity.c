#include "domain/entity.h"

#include "base/id.h"
#include "domain/document.h"
#include "domain/field.h"

#include <stdlib.h>
#include <string.h>

static int compare_text(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

bool entity_is_system_field(const char *key)
{
    /* Sorted. */
    static const char *const names[] = {
        "_id",           "created_at", "import",     "isCurrent",
        "locked_fields", "tenant",     "updated_at", "version",
    };

    return bsearch(key, names, sizeof(names) / sizeof(names[0]), sizeof(names[0]), compare_text);
}

const bson_t *entity_content(struct arena *arena, const bson_t *document,
                             bool (*is_system)(const char *key))
{
    bson_t *content = document_new(arena);
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, document) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!is_system(bson_iter_key(&it))) {
            bson_append_iter(content, bson_iter_key(&it), (int)bson_iter_key_len(&it), &it);
        }
    }
    return content;
}

const struct entity *entity_at(size_t index)
{
    static const struct entity *const all[] = {
        &entity_products,
        &entity_customers,
        &entity_brands,
        &entity_categories,
        &entity_collections,
        &entity_product_types,
        &entity_synonym_dictionaries,
    };

    return index < sizeof(all) / sizeof(all[0]) ? all[index] : NULL;
}

const struct entity *entity_named(const char *name)
{
    const struct entity *entity = NULL;

    for (size_t i = 0; (entity = entity_at(i)) && strcmp(entity->name, name) != 0; i++) {
    }
    return entity;
}

bool entity_check_code(const struct row_context *ctx, const bson_iter_t *code, const char *path)
{
    uint32_t n = 0;
    const char *text = BSON_ITER_HOLDS_UTF8(code) ? bson_iter_utf8(code, &n) : NULL;

    if (!text || n == 0 || n > ENTITY_MAX_CODE || strlen(text) != n) {
        findings_add(ctx->findings, PROBLEM_code_invalid, path, "%s must be text of 1 to %d bytes",
                     path + 1, ENTITY_MAX_CODE);
        return false;
    }
    return true;
}

bool entity_identify(const struct row_context *ctx, const bson_t *row, enum problem_id missing,
                     struct identified_row *out)
{
    const char *field = ctx->entity->code_field;
    const char *path = arena_printf(ctx->arena, "/%s", field);
    bson_iter_t code;

    *out = (struct identified_row){.row = row};
    if (!bson_iter_init_find(&code, row, field)) {
        findings_add(ctx->findings, missing, path, "%s is missing", field);
        return false;
    }
    if (!entity_check_code(ctx, &code, path)) {
        return false;
    }
    out->code = bson_iter_utf8(&code, NULL);
    return true;
}

bson_t *entity_stored_form(const struct row_context *ctx, const struct identified_row *row)
{
    const struct entity *entity = ctx->entity;
    struct field_walk walk = {ctx->settings, ctx->findings, entity->is_system, entity->code_field,
                              ctx->unknown};
    bson_t *content = document_new(ctx->arena);

    bson_append_utf8(content, entity->code_field, -1, row->code, -1);
    field_copy_members(&walk, entity->fields, row->row, content);
    return content;
}

static void append_import(bson_t *out, const struct row_context *ctx)
{
    bson_t import;

    BSON_APPEND_DOCUMENT_BEGIN(out, "import", &import);
    BSON_APPEND_UTF8(&import, "job_id", ctx->job_id);
    BSON_APPEND_INT32(&import, "row", (int32_t)ctx->row);
    bson_append_document_end(out, &import);
}

const bson_t *entity_next_version(const struct row_context *ctx, const struct version_parts *parts,
                                  int64_t *version)
{
    bson_t *out = document_new(ctx->arena);
    const bson_t *current = parts->current;
    const char *id = ID_JOIN(ctx->arena, ctx->tenant, parts->code);
    bson_iter_t it;

    *version = current ? document_int64(current, "version", 0) + 1 : 1;
    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_BOOL(out, "isCurrent", true);
    BSON_APPEND_UTF8(out, "tenant", ctx->tenant);
    BSON_APPEND_INT64(out, "version", *version);
    if (current && bson_iter_init_find(&it, current, "created_at")) {
        bson_append_iter(out, "created_at", -1, &it);
    } else {
        BSON_APPEND_DATE_TIME(out, "created_at", ctx->now_ms);
    }
    BSON_APPEND_DATE_TIME(out, "updated_at", ctx->now_ms);
    if (current && bson_iter_init_find(&it, current, "locked_fields")) {
        bson_append_iter(out, "locked_fields", -1, &it);
    }
    append_import(out, ctx);
    if (parts->system) {
        bson_concat(out, parts->system);
    }
    bson_concat(out, parts->content);
    return out;
}

const bson_t *entity_demote(struct arena *arena, const bson_t *document, const char *history_id)
{
    bson_t *out = document_new(arena);

    BSON_APPEND_UTF8(out, "_id", history_id);
    BSON_APPEND_BOOL(out, "isCurrent", false);
    bson_copy_to_excluding_noinit(document, out, "_id", "isCurrent", NULL);
    return out;
}
