#pragma once

#include "store/store.h"

/*
 * The paths of a product that imports may not change. They stand on the current document, where the
 * importer's transaction reads them with it: locks that are set while an import is under way make
 * that transaction start over.
 */

/* Replaces the locked paths of a product; `fields` is a BSON array of texts. ERR_NOT_FOUND when
 * there is no such product. */
bool locks_put(struct store_session *session, const char *tenant, const char *code,
               const bson_t *fields, struct err *err) MUST_USE;
