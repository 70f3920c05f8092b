#pragma once

#include "domain/entity.h"
#include "domain/request.h"

#include <bson/bson.h>

/*
 * Checking a request that imports one entity and puts its snapshot into products:
 * {"merge_mode", "data": {..}, "products": [codes]}. Pure.
 */

/* What the path names, and the limits. */
struct entity_target {
    const struct entity *entity;
    const char *id;
    size_t max_data_bytes; /* as BSON */
    size_t max_products;
};

struct entity_request {
    struct import_envelope envelope; /* merge_mode alone */
    const bson_t *row;               /* `data`, the id first */
    struct text_list products;       /* entity codes, in the order of the request */
};

/* Texts are borrowed from `body`, the rest belongs to the arena. */
bool entity_request_read(struct arena *arena, const struct entity_target *target,
                         const bson_t *body, struct entity_request *out,
                         struct request_fault *fault) MUST_USE;

/* Applies the row to nothing: all findings together are one fault. Memory as above. */
bool entity_request_check(struct arena *arena, const struct entity *entity,
                          const struct import_settings *settings, const bson_t *row,
                          struct request_fault *fault) MUST_USE;
