#include "support/database.h"

#include "config/config.h"
#include "support/test.h"

#include <stdlib.h>

void test_database_open(struct store **store, struct store_session **session)
{
    struct config config;
    struct err err;

    setenv("CONSIGN_DATABASE", test_unique(), 1);
    assert_ok(config_load(&config, &err), &err);
    assert_ok(store_open(&config, store, &err), &err);
    assert_ok(store_session_open(*store, session, &err), &err);
    config_done(&config);
}

void test_database_close(struct store *store, struct store_session *session)
{
    store_session_close(session);
    store_close(store);
}
