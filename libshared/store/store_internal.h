#pragma once

#include "store/store.h"

#include <mongoc/mongoc.h>

struct store {
    mongoc_client_pool_t *pool;
    char *database;
};

struct store_session {
    struct store *store;
    mongoc_client_t *client;
    mongoc_client_session_t
        *own; /* server session of all its transactions; NULL before the first */
    mongoc_client_session_t *txn; /* `own` inside a transaction, else NULL */
};

DEFINE_AUTO(mongoc_collection, mongoc_collection_t, mongoc_collection_destroy)
DEFINE_AUTO(mongoc_cursor, mongoc_cursor_t, mongoc_cursor_destroy)
DEFINE_AUTO(mongoc_bulk, mongoc_bulk_operation_t, mongoc_bulk_operation_destroy)
DEFINE_AUTO(mongoc_find_and_modify, mongoc_find_and_modify_opts_t,
            mongoc_find_and_modify_opts_destroy)

/* The one table from libmongoc's errors to ours. `reply` may be NULL. Always returns false. */
bool store_fail(struct err *err, const bson_error_t *error, const bson_t *reply);

/* Makes sure that session->own is there. */
bool store_own_session(struct store_session *session, struct err *err) MUST_USE;

mongoc_collection_t *store_collection(struct store_session *session, const char *name);

/* Starts an options document that puts the operation into the session's transaction, if there is
 * one. */
void store_options_init(bson_t *options, const struct store_session *session);
