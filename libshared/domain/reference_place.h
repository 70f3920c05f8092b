#pragma once

#include "base/mem.h"

#include <bson/bson.h>

/* Where products refer to other entities. Private to reference.c. */

struct entity;

/* A field, the items of a list, or a member of such items. */
struct place {
    const struct entity *entity;
    const char *field;
    const char *member; /* NULL: the item itself */
    bool is_list;
};

/* The place at which a listed product gets the entity; NULL when there is none. */
const struct place *place_first(const struct entity *entity);

/* The id that stands at a place as text or in a snapshot; NULL when it is none that an entity could
 * have. Borrowed. */
const char *place_id(const struct place *place, const bson_iter_t *value);

/* Calls `visit` for whatever stands at a place of the content of a product. */
typedef void (*place_visit_fn)(void *ctx, const struct place *place, const bson_iter_t *value);
void place_visit(const bson_t *content, place_visit_fn visit, void *ctx);

/* A copy of the content with what `replace` gives for a place instead of what stands there; NULL
 * leaves it. */
typedef const bson_t *(*place_replace_fn)(void *ctx, const struct place *place,
                                          const bson_iter_t *value);
struct place_rewriting {
    struct arena *arena;
    place_replace_fn replace;
    void *ctx;
    size_t added; /* bytes of snapshots so far */
};
const bson_t *place_rewrite(struct place_rewriting *rewriting, const bson_t *content);
