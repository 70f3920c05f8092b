#include "domain/array.h"

struct key {
    const char *text;
    int length;
    char buffer[16];
};

static void next_key(struct array *array, struct key *out)
{
    out->length =
        (int)bson_uint32_to_string(array->count++, &out->text, out->buffer, sizeof(out->buffer));
}

void array_begin(bson_t *parent, const char *key, struct array *out)
{
    out->parent = parent;
    out->count = 0;
    bson_append_array_begin(parent, key, -1, &out->items);
}

void array_end(struct array *array)
{
    bson_append_array_end(array->parent, &array->items);
}

void array_add_text(struct array *array, struct str text)
{
    struct key key;

    next_key(array, &key);
    /* libbson takes a text that is NULL for null. */
    bson_append_utf8(&array->items, key.text, key.length, text.n ? text.p : "", (int)text.n);
}

void array_add_int64(struct array *array, int64_t number)
{
    struct key key;

    next_key(array, &key);
    bson_append_int64(&array->items, key.text, key.length, number);
}

void array_add_value(struct array *array, const bson_iter_t *value)
{
    struct key key;

    next_key(array, &key);
    bson_append_iter(&array->items, key.text, key.length, value);
}

void array_add_document(struct array *array, const bson_t *document)
{
    struct key key;

    next_key(array, &key);
    bson_append_document(&array->items, key.text, key.length, document);
}

void array_begin_document(struct array *array, bson_t *out)
{
    struct key key;

    next_key(array, &key);
    bson_append_document_begin(&array->items, key.text, key.length, out);
}

void array_end_document(struct array *array, bson_t *document)
{
    bson_append_document_end(&array->items, document);
}

void array_append_texts(bson_t *parent, const char *key, const char *const *texts, size_t count)
{
    struct array array;

    array_begin(parent, key, &array);
    for (size_t i = 0; i < count; i++) {
        array_add_text(&array, str_from(texts[i]));
    }
    array_end(&array);
}
