#pragma once

#include "auth/auth.h"
#include "store/store.h"

/* Collection `sessions` (docs/DATA.md): people who are logged in. Error kinds as in store.h. */

/* For auth_open: `store` is a struct store. ERR_NOT_FOUND for an unknown session; one that has
 * expired may still be there. */
bool sessions_load(void *store, const char *token_hash, struct auth_session *out,
                   struct err *err) MUST_USE;

/* `user` says to people whose session it is. */
bool sessions_insert(struct store_session *session, const char *token_hash, const char *user,
                     const struct auth_session *stored, struct err *err) MUST_USE;

/* ERR_NOT_FOUND when there is none (any more). */
bool sessions_remove(struct store_session *session, const char *token_hash,
                     struct err *err) MUST_USE;
