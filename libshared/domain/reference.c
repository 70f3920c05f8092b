#include "domain/reference.h"

#include "base/id.h"
#include "domain/array.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/reference_place.h"
#include "domain/snapshots.h"

#include <string.h>

enum { MAX_EMBEDS = 1000 };

static const char DICTIONARY_KEY[] = "key";
static const char SYNONYM_KEYS[] = "synonym_keys";

const struct entity *reference_kind(size_t index)
{
    static const struct entity *const kinds[] = {&entity_brands, &entity_categories,
                                                 &entity_collections, &entity_product_types,
                                                 &entity_synonym_dictionaries};

    return index < sizeof(kinds) / sizeof(kinds[0]) ? kinds[index] : NULL;
}

bool reference_is_kind(const struct entity *entity)
{
    for (size_t i = 0; reference_kind(i); i++) {
        if (reference_kind(i) == entity) {
            return true;
        }
    }
    return false;
}

/* ---- resolving ---- */

static void want_text(void *ctx, const struct place *place, const bson_iter_t *value)
{
    const char *id = BSON_ITER_HOLDS_UTF8(value) ? place_id(place, value) : NULL;

    if (id) {
        snapshots_want(ctx, place->entity, id);
    }
}

void reference_want(struct snapshots *snapshots, const bson_t *row)
{
    place_visit(row, want_text, snapshots);
}

struct resolving {
    const struct snapshots *snapshots;
    const bson_t *sent;
    bool has_snapshot;
};

static const bson_t *snapshot_of_text(const struct snapshots *snapshots, const struct place *place,
                                      const bson_iter_t *value)
{
    const char *id = BSON_ITER_HOLDS_UTF8(value) ? place_id(place, value) : NULL;

    return id ? snapshots_get(snapshots, place->entity, id) : NULL;
}

static void look_for_snapshot(void *ctx, const struct place *place, const bson_iter_t *value)
{
    struct resolving *resolving = ctx;

    resolving->has_snapshot =
        resolving->has_snapshot || snapshot_of_text(resolving->snapshots, place, value);
}

/* What the row did not bring stays, whatever other rows of the run made known. */
static const bson_t *resolve_text(void *ctx, const struct place *place, const bson_iter_t *value)
{
    const struct resolving *resolving = ctx;

    return bson_has_field(resolving->sent, place->field)
               ? snapshot_of_text(resolving->snapshots, place, value)
               : NULL;
}

const bson_t *reference_resolve(const struct snapshots *snapshots, const bson_t *content,
                                const bson_t *sent)
{
    struct resolving resolving = {snapshots, sent, false};

    if (!snapshots || !snapshots->wanted) {
        return content;
    }
    place_visit(sent, look_for_snapshot, &resolving);
    return resolving.has_snapshot
               ? place_rewrite(
                     &(struct place_rewriting){snapshots->arena, resolve_text, &resolving, 0},
                     content)
               : content;
}

/* ---- embedding ---- */

static bool list_has_text(const bson_t *content, const char *field, const char *text)
{
    bson_iter_t list;
    bson_iter_t item;

    for (bool more = bson_iter_init_find(&list, content, field) && BSON_ITER_HOLDS_ARRAY(&list) &&
                     bson_iter_recurse(&list, &item) && bson_iter_next(&item);
         more; more = bson_iter_next(&item)) {
        if (BSON_ITER_HOLDS_UTF8(&item) && strcmp(bson_iter_utf8(&item, NULL), text) == 0) {
            return true;
        }
    }
    return false;
}

/* `content` with `value` at the end of the list `field`, which is made when there is none. */
static const bson_t *with_item(struct arena *arena, const bson_t *content, const char *field,
                               const bson_iter_t *value)
{
    bson_t *holder = document_new(arena);
    bson_iter_t it;
    struct array list;

    array_begin(holder, field, &list);
    for (bool more = bson_iter_init_find(&it, content, field) && BSON_ITER_HOLDS_ARRAY(&it) &&
                     bson_iter_recurse(&it, &it) && bson_iter_next(&it);
         more; more = bson_iter_next(&it)) {
        array_add_value(&list, &it);
    }
    array_add_value(&list, value);
    array_end(&list);
    bson_iter_init_find(&it, holder, field);
    return document_set(arena, content, field, &it);
}

static const bson_t *embed_key(struct arena *arena, const bson_t *content,
                               const struct embedding *embedding)
{
    const char *key = document_text(embedding->snapshot, DICTIONARY_KEY);
    bson_iter_t value;

    if (!key || !embedding->is_listed || list_has_text(content, SYNONYM_KEYS, key)) {
        return content;
    }
    bson_iter_init_find(&value, embedding->snapshot, DICTIONARY_KEY);
    return with_item(arena, content, SYNONYM_KEYS, &value);
}

/* `first` says whether the entity was met at the place that listed products get it at. */
struct embedding_walk {
    const struct embedding *embedding;
    const struct place *first;
    bool is_at_first;
};

static const bson_t *embed_there(void *ctx, const struct place *place, const bson_iter_t *value)
{
    struct embedding_walk *walk = ctx;
    const char *id = place->entity == walk->embedding->entity ? place_id(place, value) : NULL;

    if (!id || strcmp(id, walk->embedding->id) != 0) {
        return NULL;
    }
    walk->is_at_first = walk->is_at_first || place == walk->first;
    return walk->embedding->snapshot;
}

static const bson_t *add_listed(struct arena *arena, const bson_t *content,
                                const struct place *place, const bson_t *snapshot)
{
    bson_t *holder = document_new(arena);
    bson_iter_t value;

    bson_append_document(holder, place->field, -1, snapshot);
    bson_iter_init_find(&value, holder, place->field);
    return place->is_list ? with_item(arena, content, place->field, &value)
                          : document_set(arena, content, place->field, &value);
}

const bson_t *reference_embed(struct arena *arena, const bson_t *content,
                              const struct embedding *embedding)
{
    struct embedding_walk walk = {embedding, place_first(embedding->entity), false};

    if (!walk.first) {
        return embed_key(arena, content, embedding);
    }
    content = place_rewrite(&(struct place_rewriting){arena, embed_there, &walk, 0}, content);
    return embedding->is_listed && !walk.is_at_first
               ? add_listed(arena, content, walk.first, embedding->snapshot)
               : content;
}

/* ---- the list of what is embedded ---- */

struct listing {
    struct arena *arena;
    const char *tenant;
    struct strmap *keys; /* tenant|entity|id; NULL while there is none */
};

static void list_reference(void *ctx, const struct place *place, const bson_iter_t *value)
{
    struct listing *listing = ctx;
    const char *id = place_id(place, value);

    if (!id) {
        return;
    }
    if (!listing->keys) {
        listing->keys = strmap_new(listing->arena);
    }
    if (strmap_count(listing->keys) < MAX_EMBEDS) {
        strmap_put(listing->keys, ID_JOIN(listing->arena, listing->tenant, place->entity->name, id),
                   listing);
    }
}

void reference_append_embeds(struct arena *arena, const char *tenant, const bson_t *content,
                             bson_t *out)
{
    struct listing listing = {arena, tenant, NULL};
    const char *text;
    struct array list;

    place_visit(content, list_reference, &listing);
    if (!listing.keys) {
        return;
    }
    array_begin(out, "embeds", &list);
    for (uint32_t i = 0; strmap_at(listing.keys, i, &text); i++) {
        array_add_text(&list, str_from(text));
    }
    array_end(&list);
}
