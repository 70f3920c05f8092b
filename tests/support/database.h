#pragma once

#include "store/store.h"

/* Opens a database of this test program alone (MONGO_URI) and one session on it; fails the test
 * when that does not work. */
void test_database_open(struct store **store, struct store_session **session);
void test_database_close(struct store *store, struct store_session *session);
