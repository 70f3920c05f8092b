#include "store/sessions.h"

#include "base/clock.h"
#include "store/credential_fields.h"

bool sessions_load(void *store, const char *token_hash, struct auth_session *out, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(bson) bson_t *document = NULL;
    bson_iter_t expires;

    if (!store_session_open(store, &session, err) ||
        !store_get(session, "sessions", token_hash, &document, err)) {
        return false;
    }
    struct auth_session stored = {.permissions = credential_permissions(document)};

    if (!credential_copy_text(document, "tenant", stored.tenant, sizeof(stored.tenant)) ||
        !bson_iter_init_find(&expires, document, "expires_at") ||
        !BSON_ITER_HOLDS_DATE_TIME(&expires)) {
        return err_set(err, ERR_INTERNAL, "the stored session %s is damaged", token_hash);
    }
    stored.expires_at_ms = bson_iter_date_time(&expires);
    *out = stored;
    return true;
}

bool sessions_insert(struct store_session *session, const char *token_hash, const char *user,
                     const struct auth_session *stored, struct err *err)
{
    AUTO(bson)
    bson_t *document =
        BCON_NEW("_id", BCON_UTF8(token_hash), "tenant", BCON_UTF8(stored->tenant), "user",
                 BCON_UTF8(user), "created_at", BCON_DATE_TIME(clock_now_ms()), "expires_at",
                 BCON_DATE_TIME(stored->expires_at_ms));

    credential_append_permissions(document, stored->permissions);
    return store_insert(session, "sessions", document, err);
}

bool sessions_remove(struct store_session *session, const char *token_hash, struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(token_hash));
    bool deleted;

    if (!store_delete(session, "sessions", filter, &deleted, err)) {
        return false;
    }
    return deleted || err_set(err, ERR_NOT_FOUND, "there is no session %s", token_hash);
}
