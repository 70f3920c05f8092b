#pragma once

#include "base/mem.h"
#include "store/store.h"

/* A database of this test program alone (MONGO_URI), one session on it, and an arena for what the
 * tests make. One per program: database_open, or database_open_with_schema, and database_close are
 * the set-up and tear-down of a group. */
struct database_fixture {
    struct store *store;
    struct store_session *session;
    struct arena *arena;
};

extern struct database_fixture database;

/* Without a schema, documents of any age stay: there is no index that removes them. */
int database_open(void **state);
int database_open_with_schema(void **state);
int database_close(void **state);
