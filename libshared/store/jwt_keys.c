#include "store/jwt_keys.h"

#include "store/credential_fields.h"

static bool copy_secret(const bson_t *document, struct auth_jwt_key *out)
{
    bson_iter_t value;
    bson_subtype_t subtype;
    const uint8_t *bytes;
    uint32_t n;

    if (!bson_iter_init_find(&value, document, "sealed_secret") ||
        !BSON_ITER_HOLDS_BINARY(&value)) {
        return false;
    }
    bson_iter_binary(&value, &subtype, &n, &bytes);
    if (n > sizeof(out->material)) {
        return false;
    }
    memcpy(out->material, bytes, n);
    out->material_size = n;
    return true;
}

static bool copy_public_key(const bson_t *document, struct auth_jwt_key *out)
{
    char pem[AUTH_MATERIAL_SIZE + 1];

    if (!credential_copy_text(document, "public_key_pem", pem, sizeof(pem))) {
        return false;
    }
    out->material_size = strlen(pem);
    memcpy(out->material, pem, out->material_size);
    return true;
}

static bool copy_material(const bson_t *document, struct auth_jwt_key *out)
{
    char algorithm[8];

    if (!credential_copy_text(document, "algorithm", algorithm, sizeof(algorithm))) {
        return false;
    }
    if (strcmp(algorithm, "HS256") == 0) {
        out->algorithm = AUTH_HS256;
        return copy_secret(document, out);
    }
    out->algorithm = AUTH_RS256;
    return strcmp(algorithm, "RS256") == 0 && copy_public_key(document, out);
}

bool jwt_keys_load(void *store, const char *kid, struct auth_jwt_key *out, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(bson) bson_t *document = NULL;

    if (!store_session_open(store, &session, err) ||
        !store_get(session, "jwt_keys", kid, &document, err)) {
        return false;
    }
    if (!credential_is_valid(document)) {
        return err_set(err, ERR_NOT_FOUND, "the key is revoked");
    }
    struct auth_jwt_key key = {.permissions = credential_permissions(document)};

    if (!credential_copy_text(document, "tenant", key.tenant, sizeof(key.tenant)) ||
        !credential_copy_text(document, "issuer", key.issuer, sizeof(key.issuer)) ||
        !credential_copy_text(document, "audience", key.audience, sizeof(key.audience)) ||
        !copy_material(document, &key)) {
        return err_set(err, ERR_INTERNAL, "the stored key of tokens %s is damaged", kid);
    }
    *out = key;
    return true;
}

static void append_material(bson_t *fields, const struct auth_jwt_key *key)
{
    if (key->algorithm == AUTH_HS256) {
        BSON_APPEND_UTF8(fields, "algorithm", "HS256");
        BSON_APPEND_BINARY(fields, "sealed_secret", BSON_SUBTYPE_BINARY, key->material,
                           (uint32_t)key->material_size);
        BSON_APPEND_NULL(fields, "public_key_pem");
    } else {
        BSON_APPEND_UTF8(fields, "algorithm", "RS256");
        BSON_APPEND_NULL(fields, "sealed_secret");
        bson_append_utf8(fields, "public_key_pem", -1, (const char *)key->material,
                         (int)key->material_size);
    }
}

bool jwt_keys_put(struct store_session *session, const char *kid, const struct auth_jwt_key *key,
                  struct err *err)
{
    AUTO(bson)
    bson_t *fields = BCON_NEW("tenant", BCON_UTF8(key->tenant), "issuer", BCON_UTF8(key->issuer),
                              "audience", BCON_UTF8(key->audience));

    append_material(fields, key);
    credential_append_permissions(fields, key->permissions);
    return credential_put(session, "jwt_keys", kid, fields, err);
}

bool jwt_keys_revoke(struct store_session *session, const char *kid, struct err *err)
{
    return credential_revoke(session, "jwt_keys", kid, err);
}
