#pragma once

#include "auth/auth.h"
#include "store/store.h"

/* Collection `jwt_keys` (docs/DATA.md): the keys of bearer tokens. Error kinds as in store.h. */

/* For auth_open: `store` is a struct store. ERR_NOT_FOUND for an unknown or revoked key. */
bool jwt_keys_load(void *store, const char *kid, struct auth_jwt_key *out,
                   struct err *err) MUST_USE;

/* Creates or overwrites a key; a revoked key works again afterwards. */
bool jwt_keys_put(struct store_session *session, const char *kid, const struct auth_jwt_key *key,
                  struct err *err) MUST_USE;

/* ERR_NOT_FOUND for an unknown key; revoking twice is success. */
bool jwt_keys_revoke(struct store_session *session, const char *kid, struct err *err) MUST_USE;
