#include "domain/entity_request.h"

#include "domain/document.h"

#include <stdio.h>
#include <string.h>

static bool is_code(const char *text, size_t length)
{
    return length > 0 && length <= ENTITY_MAX_CODE && strlen(text) == length &&
           bson_utf8_validate(text, length, false);
}

/* The id stands in the path; in `data` it may be repeated. */
static bool check_id(const struct entity_target *target, const bson_t *data,
                     struct request_fault *fault)
{
    const char *field = target->entity->code_field;
    bson_iter_t id;

    if (!is_code(target->id, strlen(target->id))) {
        return request_refuse(fault, PROBLEM_field_value,
                              "the id in the path must be 1 to %d bytes of UTF-8", ENTITY_MAX_CODE);
    }
    if (!bson_iter_init_find(&id, data, field) || BSON_ITER_HOLDS_NULL(&id)) {
        return true;
    }
    return (BSON_ITER_HOLDS_UTF8(&id) && strcmp(bson_iter_utf8(&id, NULL), target->id) == 0) ||
           request_refuse_field(fault, PROBLEM_field_value, "data", field,
                                "must be the id in the path");
}

static bool read_data(struct arena *arena, const struct entity_target *target, const bson_t *body,
                      const bson_t **out, struct request_fault *fault)
{
    const char *field = target->entity->code_field;
    bson_iter_t value;

    if (!bson_iter_init_find(&value, body, "data")) {
        return request_refuse_field(fault, PROBLEM_field_missing, "", "data", "is required");
    }
    if (!BSON_ITER_HOLDS_DOCUMENT(&value)) {
        return request_refuse_field(fault, PROBLEM_field_type, "", "data", "must be an object");
    }
    const bson_t *data = document_nested(arena, &value);

    if (data->len > target->max_data_bytes) {
        return request_refuse_field(fault, PROBLEM_body_too_large, "", "data",
                                    "must not be larger than a row");
    }
    if (!check_id(target, data, fault)) {
        return false;
    }
    bson_t *row = document_new(arena);

    bson_append_utf8(row, field, -1, target->id, -1);
    bson_copy_to_excluding_noinit(data, row, field, NULL);
    *out = row;
    return true;
}

static bool refuse_code(struct request_fault *fault, enum problem_id problem, size_t index,
                        const char *demand)
{
    request_refuse(fault, problem, "products[%zu] %s", index, demand);
    snprintf(fault->path, sizeof(fault->path), "/products/%zu", index);
    fault->index = (int64_t)index;
    return false;
}

static bool read_codes(bson_iter_t *codes, size_t max_products, struct text_list *out,
                       struct request_fault *fault)
{
    while (bson_iter_next(codes)) {
        uint32_t length;

        if (out->count == max_products) {
            return refuse_code(fault, PROBLEM_rows_too_many, max_products, "is one too many");
        }
        if (!BSON_ITER_HOLDS_UTF8(codes)) {
            return refuse_code(fault, PROBLEM_field_type, out->count, "must be text");
        }
        const char *code = bson_iter_utf8(codes, &length);

        if (!is_code(code, length)) {
            return refuse_code(fault, PROBLEM_field_value, out->count,
                               "must have 1 to 256 bytes and no NUL");
        }
        out->items[out->count++] = code;
    }
    return true;
}

static bool read_products(struct arena *arena, const struct entity_target *target,
                          const bson_t *body, struct text_list *out, struct request_fault *fault)
{
    bson_iter_t value;
    bson_iter_t codes;

    *out = (struct text_list){0};
    if (!bson_iter_init_find(&value, body, "products") || BSON_ITER_HOLDS_NULL(&value)) {
        return true;
    }
    if (!BSON_ITER_HOLDS_ARRAY(&value) || !bson_iter_recurse(&value, &codes)) {
        return request_refuse_field(fault, PROBLEM_field_type, "", "products",
                                    "must be a list of entity codes");
    }
    out->items = arena_calloc(arena, target->max_products, sizeof(*out->items));
    return read_codes(&codes, target->max_products, out, fault);
}

bool entity_request_read(struct arena *arena, const struct entity_target *target,
                         const bson_t *body, struct entity_request *out,
                         struct request_fault *fault)
{
    *out = (struct entity_request){
        .envelope = {.batch_part = -1, .batch_total_parts = -1, .batch_total_items = -1}};
    return request_read_merge_mode(body, &out->envelope.merge_mode, fault) &&
           read_data(arena, target, body, &out->row, fault) &&
           read_products(arena, target, body, &out->products, fault);
}

bool entity_request_check(struct arena *arena, const struct entity *entity,
                          const struct import_settings *settings, const bson_t *row,
                          struct request_fault *fault)
{
    struct findings *findings = arena_calloc(arena, 1, sizeof(*findings));
    struct row_context context = {.arena = arena,
                                  .entity = entity,
                                  .settings = settings,
                                  .findings = findings,
                                  .tenant = "",
                                  .job_id = ""};
    struct row_outcome outcome;
    struct identified_row identified;

    findings->arena = arena;
    if (entity->identify(&context, row, &identified)) {
        entity->apply(&context, &identified, NULL, &outcome);
    }
    if (findings->errors == 0) {
        return true;
    }
    request_refuse(fault, PROBLEM_data_invalid, "%zu of its fields cannot be taken",
                   findings->errors);
    snprintf(fault->path, sizeof(fault->path), "/data");
    fault->findings = findings;
    return false;
}
