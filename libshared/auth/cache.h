#pragma once

#include "auth/auth.h"

#include <stdint.h>

/*
 * Keys that were loaded not long ago, by id, unknown ones included. A table of fixed size: an id
 * has one place, found by a hash keyed per process, so that nobody can choose ids that meet there.
 * Thread-safe.
 */
struct auth_cache;

enum { AUTH_CACHE_ID_SIZE = 65 };

struct auth_cache *auth_cache_new(void);
void auth_cache_free(struct auth_cache *cache);

/* Copies the key out; false when it is not there. *loaded_ms is the time that was given to put. */
bool auth_cache_get(struct auth_cache *cache, const char *key_id, struct auth_key *out,
                    int64_t *loaded_ms);

/* Remembers a key in place of whatever had its place. `key_id` is shorter than AUTH_CACHE_ID_SIZE.
 */
void auth_cache_put(struct auth_cache *cache, const char *key_id, const struct auth_key *key,
                    int64_t now_ms);
