#include "domain/reference_place.h"

#include "domain/document.h"
#include "domain/entity.h"

#include <string.h>

/* The first place of an entity is the one that a listed product gets it at. */
static const struct place places[] = {
    {&entity_brands, "brand", NULL, false},
    {&entity_categories, "category", NULL, false},
    {&entity_categories, "channel_categories", "category", true},
    {&entity_collections, "collections", NULL, true},
    {&entity_product_types, "product_type", NULL, false},
};

enum { PLACES = sizeof(places) / sizeof(places[0]) };

static const struct place *place_of_field(const char *field)
{
    for (size_t i = 0; i < PLACES; i++) {
        /* Asked of every field of every row: most differ in their first letter. */
        if (places[i].field[0] == field[0] && strcmp(places[i].field, field) == 0) {
            return &places[i];
        }
    }
    return NULL;
}

const struct place *place_first(const struct entity *entity)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (places[i].entity == entity) {
            return &places[i];
        }
    }
    return NULL;
}

const char *place_id(const struct place *place, const bson_iter_t *value)
{
    bson_iter_t id = *value;

    if (BSON_ITER_HOLDS_DOCUMENT(value) &&
        (!bson_iter_recurse(value, &id) || !bson_iter_find(&id, place->entity->code_field))) {
        return NULL;
    }
    uint32_t n = 0;
    const char *text = BSON_ITER_HOLDS_UTF8(&id) ? bson_iter_utf8(&id, &n) : NULL;

    return text && n > 0 && n <= ENTITY_MAX_CODE && strlen(text) == n ? text : NULL;
}

static void visit_items(const struct place *place, const bson_iter_t *list, place_visit_fn visit,
                        void *ctx)
{
    bson_iter_t item;
    bson_iter_t member;

    for (bool more = bson_iter_recurse(list, &item) && bson_iter_next(&item); more;
         more = bson_iter_next(&item)) {
        if (!place->member) {
            visit(ctx, place, &item);
        } else if (BSON_ITER_HOLDS_DOCUMENT(&item) && bson_iter_recurse(&item, &member) &&
                   bson_iter_find(&member, place->member)) {
            visit(ctx, place, &member);
        }
    }
}

void place_visit(const bson_t *content, place_visit_fn visit, void *ctx)
{
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, content) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        const struct place *place = place_of_field(bson_iter_key(&it));

        if (place && !place->is_list) {
            visit(ctx, place, &it);
        } else if (place && BSON_ITER_HOLDS_ARRAY(&it)) {
            visit_items(place, &it, visit, ctx);
        }
    }
}

static void append_reference(struct place_rewriting *rewriting, const struct place *place,
                             const bson_iter_t *value, bson_t *out)
{
    const char *key = bson_iter_key(value);
    /* A short row can name a large entity many times. Past what is ever stored, more is no use. */
    const bson_t *snapshot = rewriting->added <= ENTITY_MAX_DOCUMENT
                                 ? rewriting->replace(rewriting->ctx, place, value)
                                 : NULL;

    if (snapshot) {
        rewriting->added += snapshot->len;
        bson_append_document(out, key, -1, snapshot);
    } else {
        bson_append_iter(out, key, -1, value);
    }
}

static void append_item(struct place_rewriting *rewriting, const struct place *place,
                        const bson_iter_t *item, bson_t *out)
{
    bson_iter_t it;
    bson_t inner;

    if (!place->member) {
        append_reference(rewriting, place, item, out);
        return;
    }
    if (!BSON_ITER_HOLDS_DOCUMENT(item) || !bson_iter_recurse(item, &it)) {
        bson_append_iter(out, bson_iter_key(item), -1, item);
        return;
    }
    bson_append_document_begin(out, bson_iter_key(item), -1, &inner);
    while (bson_iter_next(&it)) {
        if (strcmp(bson_iter_key(&it), place->member) == 0) {
            append_reference(rewriting, place, &it, &inner);
        } else {
            bson_append_iter(&inner, bson_iter_key(&it), -1, &it);
        }
    }
    bson_append_document_end(out, &inner);
}

static void append_list(struct place_rewriting *rewriting, const struct place *place,
                        const bson_iter_t *list, bson_t *out)
{
    bson_iter_t item;
    bson_t items;

    bson_append_array_begin(out, bson_iter_key(list), -1, &items);
    for (bool more = bson_iter_recurse(list, &item) && bson_iter_next(&item); more;
         more = bson_iter_next(&item)) {
        append_item(rewriting, place, &item, &items);
    }
    bson_append_array_end(out, &items);
}

const bson_t *place_rewrite(struct place_rewriting *rewriting, const bson_t *content)
{
    bson_t *out = document_new(rewriting->arena);
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, content) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        const struct place *place = place_of_field(bson_iter_key(&it));

        if (place && !place->is_list) {
            append_reference(rewriting, place, &it, out);
        } else if (place && BSON_ITER_HOLDS_ARRAY(&it)) {
            append_list(rewriting, place, &it, out);
        } else {
            bson_append_iter(out, bson_iter_key(&it), (int)bson_iter_key_len(&it), &it);
        }
    }
    return out;
}
