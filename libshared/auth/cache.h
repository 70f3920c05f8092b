#pragma once

#include "auth/auth.h"

#include <stdint.h>

/*
 * Records that were loaded not long ago, by id, unknown ones included. A table of fixed size: an id
 * has one place, found by a hash keyed per process, so that nobody can choose ids that meet there.
 * Thread-safe.
 */
struct auth_cache;

struct auth_cache *auth_cache_new(size_t record_size);
void auth_cache_free(struct auth_cache *cache);

/* Copies the record out; false when it is not there. *loaded_ms is the time that was given to put.
 */
bool auth_cache_get(struct auth_cache *cache, const char *id, void *record, int64_t *loaded_ms);

/* Remembers a record in place of whatever had its place. `id` is shorter than AUTH_RECORD_ID_SIZE.
 */
void auth_cache_put(struct auth_cache *cache, const char *id, const void *record, int64_t now_ms);
