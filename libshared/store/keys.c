#include "store/keys.h"

#include "store/credential_fields.h"

bool keys_load(void *store, const char *key_id, struct auth_key *out, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(bson) bson_t *document = NULL;

    if (!store_session_open(store, &session, err) ||
        !store_get(session, "api_keys", key_id, &document, err)) {
        return false;
    }
    if (!credential_is_valid(document)) {
        return err_set(err, ERR_NOT_FOUND, "the key is revoked");
    }
    struct auth_key key = {.permissions = credential_permissions(document)};

    if (!credential_copy_text(document, "tenant", key.tenant, sizeof(key.tenant)) ||
        !credential_copy_text(document, "secret_hash", key.secret_hash, sizeof(key.secret_hash))) {
        return err_set(err, ERR_INTERNAL, "the stored key %s is damaged", key_id);
    }
    *out = key;
    return true;
}

bool keys_put(struct store_session *session, const char *key_id, const struct auth_key *key,
              struct err *err)
{
    AUTO(bson)
    bson_t *fields =
        BCON_NEW("tenant", BCON_UTF8(key->tenant), "secret_hash", BCON_UTF8(key->secret_hash));

    credential_append_permissions(fields, key->permissions);
    return credential_put(session, "api_keys", key_id, fields, err);
}

bool keys_revoke(struct store_session *session, const char *key_id, struct err *err)
{
    return credential_revoke(session, "api_keys", key_id, err);
}
