#include "domain/media.h"

#include "domain/array.h"
#include "domain/document.h"

#include <string.h>

/* The type of a medium; those without one are of the same type, "". */
static const char *media_type(const bson_iter_t *item)
{
    bson_iter_t type;

    return BSON_ITER_HOLDS_DOCUMENT(item) && bson_iter_recurse(item, &type) &&
                   bson_iter_find(&type, "type") && BSON_ITER_HOLDS_UTF8(&type)
               ? bson_iter_utf8(&type, NULL)
               : "";
}

static bool list_has_type(const bson_t *list, const char *type)
{
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, list) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (strcmp(media_type(&it), type) == 0) {
            return true;
        }
    }
    return false;
}

static void add_items(struct array *out, const bson_t *list, const bson_t *unless)
{
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, list) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!unless || !list_has_type(unless, media_type(&it))) {
            array_add_value(out, &it);
        }
    }
}

const bson_t *media_merge(struct arena *arena, const bson_t *current, const bson_t *patch,
                          const bson_t *merged)
{
    bson_iter_t old;
    bson_iter_t new;
    bson_iter_t value;
    struct array list;

    if (!document_find(current, "media", &old) || !BSON_ITER_HOLDS_ARRAY(&old) ||
        !document_find(patch, "media", &new) || !BSON_ITER_HOLDS_ARRAY(&new)) {
        return merged;
    }
    bson_t *holder = document_new(arena);
    const bson_t *incoming = document_nested(arena, &new);

    array_begin(holder, "media", &list);
    add_items(&list, document_nested(arena, &old), incoming);
    add_items(&list, incoming, NULL);
    array_end(&list);
    bson_iter_init_find(&value, holder, "media");
    return document_set(arena, merged, "media", &value);
}
