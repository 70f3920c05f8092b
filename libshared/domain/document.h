#pragma once

#include "base/mem.h"
#include "base/str.h"

#include <bson/bson.h>
#include <stdbool.h>

/* Operations on BSON documents that the rules are made of. Results belong to the arena; arguments
 * are never changed. */

bson_t *document_new(struct arena *arena);

/* A view of bytes that outlive it; NULL when they are no BSON document. */
const bson_t *document_view(struct arena *arena, const void *data, size_t size);

/* A view of the nested document or array under `value`, which must hold one. */
const bson_t *document_nested(struct arena *arena, const bson_iter_t *value);

/* Walks the objects of the list `name` of a document; what is no object is passed over, and what is
 * no list is empty. */
struct document_list {
    bson_iter_t items; /* stands at the object that came last */
    bson_t object;
};
struct document_list document_objects(const bson_t *document, const char *name);

/* Valid until the next call, though not longer than the list; NULL at the end. */
const bson_t *document_next_object(struct document_list *list);

/* Finds a dotted path ("pricing.list", "images.0.url"). */
bool document_find(const bson_t *document, const char *path, bson_iter_t *out);

/* Text at a path, or NULL when there is none or it is no text. Borrowed from the document. */
const char *document_text(const bson_t *document, const char *path);
bool document_bool(const bson_t *document, const char *path, bool fallback);
double document_number(const bson_t *document, const char *path, double fallback);
int64_t document_int64(const bson_t *document, const char *path, int64_t fallback);

/* `document` with `value` at the dotted path; missing objects on the way are made, scalars on the
 * way replaced. Array elements are addressed by index and only when they exist. */
bson_t *document_set(struct arena *arena, const bson_t *document, const char *path,
                     const bson_iter_t *value);

/* `patch` laid over `base`: objects merge key by key, everything else replaces. Keys of base keep
 * their place. */
bson_t *document_merge(struct arena *arena, const bson_t *base, const bson_t *patch);

/* True when something with content stands at the dotted path. */
bool document_holds(const bson_t *document, const char *path);

/* False for null, "", {}, [] and for objects and arrays that hold nothing but such. */
bool document_has_content(const bson_iter_t *value);

/* Same content: order of keys does not matter, 10 equals 10.0. `skip` (may be NULL) names outer
 * keys left out. */
bool document_equal(const bson_t *a, const bson_t *b, bool (*skip)(const char *key));
