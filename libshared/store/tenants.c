#include "store/tenants.h"

bool tenants_get(struct store_session *session, const char *tenant, bson_t **out, struct err *err)
{
    return store_get(session, "tenants", tenant, out, err);
}

bool tenants_put(struct store_session *session, const bson_t *document, struct err *err)
{
    bson_iter_t id;

    if (!bson_iter_init_find(&id, document, "_id") || !BSON_ITER_HOLDS_UTF8(&id)) {
        return err_set(err, ERR_INVALID, "a tenant needs an _id");
    }
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(bson_iter_utf8(&id, NULL)));
    AUTO(bson) bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(document));

    return store_update(session, "tenants", filter, update, true, NULL, err);
}
