#include "store/locks.h"

bool locks_put(struct store_session *session, const char *tenant, const char *code,
               const bson_t *fields, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(ID_JOIN(arena, tenant, code)));
    AUTO(bson) bson_t *update = BCON_NEW("$set", "{", "locked_fields", BCON_ARRAY(fields), "}");
    bool matched = false;

    if (!store_update(session, "products", filter, update, false, &matched, err)) {
        return false;
    }
    return matched || err_set(err, ERR_NOT_FOUND, "there is no product %s", code);
}
