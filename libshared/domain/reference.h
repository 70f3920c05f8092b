#pragma once

#include "base/mem.h"

#include <bson/bson.h>
#include <stdbool.h>

/*
 * What products refer to: brands, categories, collections, product types, synonym dictionaries. A
 * row may name them by their id alone; what is stored is a snapshot of the entity, as far as the
 * tenant knows it. Pure.
 */

struct entity;

struct snapshots; /* domain/snapshots.h */

/* The entities that products refer to, one after the other; NULL behind the last. */
const struct entity *reference_kind(size_t index);
bool reference_is_kind(const struct entity *entity);

/* Wants all that a row of a product names by its id alone. */
void reference_want(struct snapshots *snapshots, const bson_t *row);

/* `content` with the snapshots of all that `sent` names by its id alone; ids of unknown entities
 * stay as they came. `snapshots` may be NULL. */
const bson_t *reference_resolve(const struct snapshots *snapshots, const bson_t *content,
                                const bson_t *sent);

/* One entity that goes into products. */
struct embedding {
    const struct entity *entity;
    const char *id;
    const bson_t *snapshot;
    bool is_listed; /* also into products that do not refer to it yet */
};

/* `content` with the snapshot wherever the product refers to the entity. When it is listed: a
 * brand, category or product type takes the place of another; a collection joins the others; of a
 * synonym dictionary, the key joins synonym_keys. */
const bson_t *reference_embed(struct arena *arena, const bson_t *content,
                              const struct embedding *embedding);

/* Appends the list `embeds` of what the content refers to, each as tenant|entity|id (id_join) and
 * once, at most 1,000; nothing when there is none. */
void reference_append_embeds(struct arena *arena, const char *tenant, const bson_t *content,
                             bson_t *out);
