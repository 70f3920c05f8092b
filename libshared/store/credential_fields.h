#pragma once

#include "auth/auth.h"
#include "store/store.h"

/* The fields that stored credentials have in common (docs/DATA.md). */

/* False for a revoked one. */
bool credential_is_valid(const bson_t *document);

/* Copies the text of a field; false when it is missing, empty, no text or too long for `out`. */
bool credential_copy_text(const bson_t *document, const char *field, char *out, size_t size);

/* The field `permissions`: a list of names. What has no meaning is left out. */
unsigned credential_permissions(const bson_t *document);
void credential_append_permissions(bson_t *document, unsigned permissions);

/* Creates or overwrites the document with this _id; what is overwritten keeps its created_at and is
 * no longer revoked. */
bool credential_put(struct store_session *session, const char *collection, const char *id,
                    bson_t *fields, struct err *err) MUST_USE;

/* ERR_NOT_FOUND when there is none; revoking twice is success. */
bool credential_revoke(struct store_session *session, const char *collection, const char *id,
                       struct err *err) MUST_USE;
