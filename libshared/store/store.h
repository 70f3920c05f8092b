#pragma once

#include "base/err.h"
#include "base/id.h"
#include "base/mem.h"

#include <bson/bson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * MongoDB. The only library that includes libmongoc. This header is the small general part; what a
 * collection means stands in store/<collection>.h. All writes are w:majority. Error kinds of every
 * call: ERR_CONFLICT (duplicate _id, write conflict, aborted transaction), ERR_UNAVAILABLE
 * (network, no primary, time-out; the outcome of a write is unknown then), ERR_INTERNAL (the server
 * refuses the command).
 */

DEFINE_AUTO(bson, bson_t, bson_destroy)

struct config;
struct store;

/* Makes a pool of connections; contacts nothing. Thread-safe. ERR_INVALID for a bad URI. */
bool store_open(const struct config *config, struct store **out, struct err *err) MUST_USE;
void store_close(struct store *store); /* NULL is allowed */

bool store_ping(struct store *store, struct err *err) MUST_USE;

/* One connection taken from the pool, used by one thread; optionally inside a transaction. */
struct store_session;

bool store_session_open(struct store *store, struct store_session **out, struct err *err) MUST_USE;
void store_session_close(
    struct store_session *session); /* aborts an open transaction; NULL is allowed */
DEFINE_AUTO(store_session, struct store_session, store_session_close)

/* Between begin and commit all calls on the session belong to one transaction. A failed call inside
 * a transaction leaves it to be aborted. A commit with unknown outcome is retried inside for a
 * while, then ERR_UNAVAILABLE. */
bool store_begin(struct store_session *session, struct err *err) MUST_USE;
bool store_commit(struct store_session *session, struct err *err) MUST_USE;
void store_abort(struct store_session *session);

/* ---- operations ---- */

/* Calls `each` for every document found; it borrows the document and returns false to stop early.
 * `options` takes libmongoc's find options (sort, limit, projection); NULL for none. */
typedef bool (*store_each_fn)(void *ctx, const bson_t *document);
bool store_find(struct store_session *session, const char *collection, const bson_t *filter,
                const bson_t *options, store_each_fn each, void *ctx, struct err *err) MUST_USE;

/* Appends `_id: {$in: ids}` to a filter. */
void store_match_ids(bson_t *filter, const char *const *ids, size_t count);

/* Fetches by `_id $in`, in no order. Faster than store_find for many ids; they are asked for in
 * parts, and `each` that returns false ends its part alone. */
bool store_find_ids(struct store_session *session, const char *collection, const char *const *ids,
                    size_t count, store_each_fn each, void *ctx, struct err *err) MUST_USE;

/* The document with this _id; ERR_NOT_FOUND. The caller destroys *out. */
bool store_get(struct store_session *session, const char *collection, const char *id, bson_t **out,
               struct err *err) MUST_USE;

bool store_insert(struct store_session *session, const char *collection, const bson_t *document,
                  struct err *err) MUST_USE;
bool store_insert_many(struct store_session *session, const char *collection,
                       const bson_t *const *documents, size_t count, struct err *err) MUST_USE;

/* Replaces whole documents by filter. ERR_CONFLICT unless every filter matched one document. */
struct store_replacement {
    const bson_t *filter;
    const bson_t *document;
};
bool store_replace_many(struct store_session *session, const char *collection,
                        const struct store_replacement *replacements, size_t count,
                        struct err *err) MUST_USE;

/* Updates one document. *matched (may be NULL) says whether the filter found one. */
bool store_update(struct store_session *session, const char *collection, const bson_t *filter,
                  const bson_t *update, bool upsert, bool *matched, struct err *err) MUST_USE;

/* Updates one document and gives back its new state; ERR_NOT_FOUND when the filter found none. */
bool store_find_and_update(struct store_session *session, const char *collection,
                           const bson_t *filter, const bson_t *update, bool upsert, bson_t **out,
                           struct err *err) MUST_USE;

bool store_delete(struct store_session *session, const char *collection, const bson_t *filter,
                  bool *deleted, struct err *err) MUST_USE;

/* Deletes every document that the filter finds; no document is no failure. */
bool store_delete_many(struct store_session *session, const char *collection, const bson_t *filter,
                       struct err *err) MUST_USE;

bool store_count(struct store_session *session, const char *collection, const bson_t *filter,
                 int64_t *out, struct err *err) MUST_USE;

/* Creates collections and indexes that are missing (docs/DATA.md). Run by `consign-admin init`. */
bool store_create_schema(struct store *store, struct err *err) MUST_USE;
