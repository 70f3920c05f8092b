#include "support/database.h"

#include "config/config.h"
#include "support/test.h"

#include <stdlib.h>

struct database_fixture database;

int database_open(void **state)
{
    struct config config;
    struct err err;

    (void)state;
    setenv("CONSIGN_DATABASE", test_unique(), 1);
    assert_ok(config_load(&config, &err), &err);
    assert_ok(store_open(&config, &database.store, &err), &err);
    assert_ok(store_session_open(database.store, &database.session, &err), &err);
    config_done(&config);
    database.arena = arena_new();
    return 0;
}

int database_open_with_schema(void **state)
{
    struct err err;

    database_open(state);
    assert_ok(store_create_schema(database.store, &err), &err);
    return 0;
}

int database_close(void **state)
{
    (void)state;
    arena_free(database.arena);
    store_session_close(database.session);
    store_close(database.store);
    return 0;
}
