#pragma once

#include "auth/auth.h"
#include "store/store.h"

/* Collection `api_keys` (docs/DATA.md). Error kinds as in store.h. */

/* For auth_open: `store` is a struct store. ERR_NOT_FOUND for an unknown or revoked key. */
bool keys_load(void *store, const char *key_id, struct auth_key *out, struct err *err) MUST_USE;

/* Creates or overwrites a key; a revoked key works again afterwards. */
bool keys_put(struct store_session *session, const char *key_id, const struct auth_key *key,
              struct err *err) MUST_USE;

/* ERR_NOT_FOUND for an unknown key; revoking twice is success. */
bool keys_revoke(struct store_session *session, const char *key_id, struct err *err) MUST_USE;
