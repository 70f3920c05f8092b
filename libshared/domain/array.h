#pragma once

#include "base/str.h"

#include <bson/bson.h>

/* A BSON array under construction; its elements get the keys "0", "1", ... */
struct array {
    bson_t *parent; /* borrowed */
    bson_t items;
    uint32_t count; /* of the elements so far */
};

/* Until array_end nothing else may be appended to `parent`, and the struct may not move. */
void array_begin(bson_t *parent, const char *key, struct array *out);
void array_end(struct array *array);

/* Each appends one element. */
void array_add_text(struct array *array, struct str text);
void array_add_int64(struct array *array, int64_t number);
void array_add_value(struct array *array, const bson_iter_t *value);
void array_add_document(struct array *array, const bson_t *document);

/* One element that is written in place, between the two. */
void array_begin_document(struct array *array, bson_t *out);
void array_end_document(struct array *array, bson_t *document);

/* Appends a whole array of texts. */
void array_append_texts(bson_t *parent, const char *key, const char *const *texts, size_t count);
