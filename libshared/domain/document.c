#include "domain/document.h"

#include <string.h>

static void destroy(void *document)
{
    bson_destroy(document);
}

bson_t *document_new(struct arena *arena)
{
    bson_t *document = bson_new();

    arena_defer(arena, destroy, document);
    return document;
}

const bson_t *document_view(struct arena *arena, const void *data, size_t size)
{
    bson_t *view = arena_alloc_aligned(arena, sizeof(*view), _Alignof(bson_t));

    return bson_init_static(view, data, size) ? view : NULL;
}

const bson_t *document_nested(struct arena *arena, const bson_iter_t *value)
{
    const uint8_t *data;
    uint32_t size;

    if (BSON_ITER_HOLDS_ARRAY(value)) {
        bson_iter_array(value, &size, &data);
    } else {
        bson_iter_document(value, &size, &data);
    }
    return document_view(arena, data, size);
}

struct document_list document_objects(const bson_t *document, const char *name)
{
    static const bson_t nothing = BSON_INITIALIZER;
    struct document_list list;
    bson_iter_t value;

    if (!bson_iter_init_find(&value, document, name) || !BSON_ITER_HOLDS_ARRAY(&value) ||
        !bson_iter_recurse(&value, &list.items)) {
        bson_iter_init(&list.items, &nothing);
    }
    return list;
}

const bson_t *document_next_object(struct document_list *list)
{
    while (bson_iter_next(&list->items)) {
        const uint8_t *data;
        uint32_t size;

        if (BSON_ITER_HOLDS_DOCUMENT(&list->items)) {
            bson_iter_document(&list->items, &size, &data);
            return bson_init_static(&list->object, data, size) ? &list->object : NULL;
        }
    }
    return NULL;
}

bool document_find(const bson_t *document, const char *path, bson_iter_t *out)
{
    bson_iter_t it;

    return bson_iter_init(&it, document) && bson_iter_find_descendant(&it, path, out);
}

const char *document_text(const bson_t *document, const char *path)
{
    bson_iter_t value;

    return document_find(document, path, &value) && BSON_ITER_HOLDS_UTF8(&value)
               ? bson_iter_utf8(&value, NULL)
               : NULL;
}

bool document_bool(const bson_t *document, const char *path, bool fallback)
{
    bson_iter_t value;

    return document_find(document, path, &value) && BSON_ITER_HOLDS_BOOL(&value)
               ? bson_iter_bool(&value)
               : fallback;
}

double document_number(const bson_t *document, const char *path, double fallback)
{
    bson_iter_t value;

    return document_find(document, path, &value) && BSON_ITER_HOLDS_NUMBER(&value)
               ? bson_iter_as_double(&value)
               : fallback;
}

int64_t document_int64(const bson_t *document, const char *path, int64_t fallback)
{
    bson_iter_t value;

    return document_find(document, path, &value) && BSON_ITER_HOLDS_INT(&value)
               ? bson_iter_as_int64(&value)
               : fallback;
}

static void append(bson_t *out, const bson_iter_t *value)
{
    bson_append_iter(out, bson_iter_key(value), (int)bson_iter_key_len(value), value);
}

/* The element `key` of a document whose inside is set at `tail`; `old` is what stood there, NULL
 * for nothing. */
struct change {
    struct str key;
    const bson_iter_t *old;
    const char *tail; /* NULL: the element itself */
};

static void append_changed(struct arena *arena, bson_t *out, const struct change *change,
                           const bson_iter_t *value)
{
    const bson_iter_t *old = change->old;
    bool is_array = old && BSON_ITER_HOLDS_ARRAY(old);
    bool is_container = is_array || (old && BSON_ITER_HOLDS_DOCUMENT(old));
    bson_t empty = BSON_INITIALIZER;

    if (!change->tail) {
        bson_append_iter(out, change->key.p, (int)change->key.n, value);
        return;
    }
    const bson_t *inner = is_container ? document_nested(arena, old) : &empty;
    const bson_t *changed = document_set(arena, inner, change->tail, value);

    if (is_array) {
        bson_append_array(out, change->key.p, (int)change->key.n, changed);
    } else {
        bson_append_document(out, change->key.p, (int)change->key.n, changed);
    }
}

bson_t *document_set(struct arena *arena, const bson_t *document, const char *path,
                     const bson_iter_t *value)
{
    const char *dot = strchr(path, '.');
    struct str head = {path, dot ? (size_t)(dot - path) : strlen(path)};
    const char *tail = dot ? dot + 1 : NULL;
    bson_t *out = document_new(arena);
    bool found = false;
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, document) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (str_eq((struct str){bson_iter_key(&it), bson_iter_key_len(&it)}, head)) {
            append_changed(arena, out, &(struct change){head, &it, tail}, value);
            found = true;
        } else {
            append(out, &it);
        }
    }
    if (!found) {
        append_changed(arena, out, &(struct change){head, NULL, tail}, value);
    }
    return out;
}

static void merge_into(bson_t *out, const bson_t *base, const bson_t *patch);

static void merge_value(bson_t *out, const bson_iter_t *old, const bson_iter_t *value)
{
    const uint8_t *data[2];
    uint32_t size[2];
    bson_t documents[2];
    bson_t merged;

    if (!BSON_ITER_HOLDS_DOCUMENT(old) || !BSON_ITER_HOLDS_DOCUMENT(value)) {
        append(out, value);
        return;
    }
    bson_iter_document(old, &size[0], &data[0]);
    bson_iter_document(value, &size[1], &data[1]);
    if (bson_init_static(&documents[0], data[0], size[0]) &&
        bson_init_static(&documents[1], data[1], size[1])) {
        bson_append_document_begin(out, bson_iter_key(old), (int)bson_iter_key_len(old), &merged);
        merge_into(&merged, &documents[0], &documents[1]);
        bson_append_document_end(out, &merged);
    }
}

static void merge_into(bson_t *out, const bson_t *base, const bson_t *patch)
{
    bson_iter_t it;
    bson_iter_t other;

    for (bool more = bson_iter_init(&it, base) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (bson_iter_init_find(&other, patch, bson_iter_key(&it))) {
            merge_value(out, &it, &other);
        } else {
            append(out, &it);
        }
    }
    for (bool more = bson_iter_init(&it, patch) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!bson_iter_init_find(&other, base, bson_iter_key(&it))) {
            append(out, &it);
        }
    }
}

bson_t *document_merge(struct arena *arena, const bson_t *base, const bson_t *patch)
{
    bson_t *out = document_new(arena);

    merge_into(out, base, patch);
    return out;
}

bool document_has_content(const bson_iter_t *value)
{
    bson_iter_t inner;

    if (BSON_ITER_HOLDS_NULL(value)) {
        return false;
    }
    if (BSON_ITER_HOLDS_UTF8(value)) {
        return *bson_iter_utf8(value, NULL) != '\0';
    }
    if (!BSON_ITER_HOLDS_DOCUMENT(value) && !BSON_ITER_HOLDS_ARRAY(value)) {
        return true;
    }
    for (bool more = bson_iter_recurse(value, &inner) && bson_iter_next(&inner); more;
         more = bson_iter_next(&inner)) {
        if (document_has_content(&inner)) {
            return true;
        }
    }
    return false;
}

bool document_holds(const bson_t *document, const char *path)
{
    bson_iter_t value;

    return document_find(document, path, &value) && document_has_content(&value);
}

static size_t count_keys(const bson_t *document, bool (*skip)(const char *key))
{
    size_t count = 0;
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, document) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        count += !skip || !skip(bson_iter_key(&it));
    }
    return count;
}

static bool nested_equal(const bson_iter_t *a, const bson_iter_t *b)
{
    const uint8_t *data[2];
    uint32_t size[2];
    bson_t documents[2];
    void (*open)(const bson_iter_t *, uint32_t *, const uint8_t **) =
        BSON_ITER_HOLDS_ARRAY(a) ? bson_iter_array : bson_iter_document;

    open(a, &size[0], &data[0]);
    open(b, &size[1], &data[1]);
    return bson_init_static(&documents[0], data[0], size[0]) &&
           bson_init_static(&documents[1], data[1], size[1]) &&
           document_equal(&documents[0], &documents[1], NULL);
}

static bool value_equal(const bson_iter_t *a, const bson_iter_t *b)
{
    if (BSON_ITER_HOLDS_INT(a) && BSON_ITER_HOLDS_INT(b)) {
        return bson_iter_as_int64(a) == bson_iter_as_int64(b);
    }
    if (BSON_ITER_HOLDS_NUMBER(a) && BSON_ITER_HOLDS_NUMBER(b)) {
        return bson_iter_as_double(a) == bson_iter_as_double(b);
    }
    if (bson_iter_type(a) != bson_iter_type(b)) {
        return false;
    }
    if (BSON_ITER_HOLDS_UTF8(a)) {
        uint32_t n[2];
        const char *text = bson_iter_utf8(a, &n[0]);
        const char *other = bson_iter_utf8(b, &n[1]);

        return n[0] == n[1] && memcmp(text, other, n[0]) == 0;
    }
    if (BSON_ITER_HOLDS_BOOL(a)) {
        return bson_iter_bool(a) == bson_iter_bool(b);
    }
    if (BSON_ITER_HOLDS_DATE_TIME(a)) {
        return bson_iter_date_time(a) == bson_iter_date_time(b);
    }
    if (BSON_ITER_HOLDS_DOCUMENT(a) || BSON_ITER_HOLDS_ARRAY(a)) {
        return nested_equal(a, b);
    }
    return BSON_ITER_HOLDS_NULL(a); /* no other type is ever stored */
}

bool document_equal(const bson_t *a, const bson_t *b, bool (*skip)(const char *key))
{
    bson_iter_t it;
    bson_iter_t other;

    if (count_keys(a, skip) != count_keys(b, skip)) {
        return false;
    }
    for (bool more = bson_iter_init(&it, a) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (skip && skip(bson_iter_key(&it))) {
            continue;
        }
        if (!bson_iter_init_find(&other, b, bson_iter_key(&it)) || !value_equal(&it, &other)) {
            return false;
        }
    }
    return true;
}
