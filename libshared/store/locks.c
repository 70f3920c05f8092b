#include "store/locks.h"

static const char locks[] = "product_locks";

bool locks_put(struct store_session *session, const char *tenant, const char *code,
               const bson_t *fields, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(STORE_ID(arena, tenant, code)));
    AUTO(bson) bson_t *update = BCON_NEW("$set", "{", "locked_fields", BCON_ARRAY(fields), "}");

    return store_update(session, locks, filter, update, true, NULL, err);
}

bool locks_get(struct store_session *session, const char *tenant, const char *code, bson_t **out,
               struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    return store_get(session, locks, STORE_ID(arena, tenant, code), out, err);
}
