#pragma once

#include "store/store.h"

/* Collection `product_locks` (docs/DATA.md): the paths that imports may not change. Error kinds as
 * in store.h. */

/* Replaces the locked paths of a product; `fields` is a BSON array of texts. */
bool locks_put(struct store_session *session, const char *tenant, const char *code,
               const bson_t *fields, struct err *err) MUST_USE;

/* The document with `locked_fields`; ERR_NOT_FOUND when nothing was ever locked. The caller
 * destroys *out. */
bool locks_get(struct store_session *session, const char *tenant, const char *code, bson_t **out,
               struct err *err) MUST_USE;
