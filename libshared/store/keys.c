#include "store/keys.h"

#include "base/clock.h"

#include <stdio.h>

static bool is_revoked(const bson_t *document)
{
    bson_iter_t revoked;

    return bson_iter_init_find(&revoked, document, "revoked_at") &&
           BSON_ITER_HOLDS_DATE_TIME(&revoked);
}

static bool copy_text(const bson_t *document, const char *field, char *out, size_t size)
{
    bson_iter_t value;

    if (!bson_iter_init_find(&value, document, field) || !BSON_ITER_HOLDS_UTF8(&value)) {
        return false;
    }
    int n = snprintf(out, size, "%s", bson_iter_utf8(&value, NULL));

    return n > 0 && (size_t)n < size;
}

static unsigned read_permissions(const bson_t *document)
{
    bson_iter_t list;
    bson_iter_t item;
    unsigned set = 0;

    if (!bson_iter_init_find(&list, document, "permissions") || !BSON_ITER_HOLDS_ARRAY(&list) ||
        !bson_iter_recurse(&list, &item)) {
        return 0;
    }
    while (bson_iter_next(&item)) {
        if (BSON_ITER_HOLDS_UTF8(&item)) {
            set |= auth_permission_parse(str_from(bson_iter_utf8(&item, NULL)));
        }
    }
    return set;
}

static void append_permissions(bson_t *document, unsigned permissions)
{
    bson_t list;
    uint32_t count = 0;

    BSON_APPEND_ARRAY_BEGIN(document, "permissions", &list);
    for (unsigned permission = AUTH_CUSTOMERS; permission <= AUTH_ADMIN; permission <<= 1) {
        char text[16];
        const char *index;

        if (permissions & permission) {
            bson_uint32_to_string(count++, &index, text, sizeof(text));
            BSON_APPEND_UTF8(&list, index, auth_permission_name(permission));
        }
    }
    bson_append_array_end(document, &list);
}

bool keys_load(void *store, const char *key_id, struct auth_key *out, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(bson) bson_t *document = NULL;

    if (!store_session_open(store, &session, err) ||
        !store_get(session, "api_keys", key_id, &document, err)) {
        return false;
    }
    if (is_revoked(document)) {
        return err_set(err, ERR_NOT_FOUND, "the key is revoked");
    }
    struct auth_key key = {.permissions = read_permissions(document)};

    if (!copy_text(document, "tenant", key.tenant, sizeof(key.tenant)) ||
        !copy_text(document, "secret_hash", key.secret_hash, sizeof(key.secret_hash))) {
        return err_set(err, ERR_INTERNAL, "the stored key %s is damaged", key_id);
    }
    *out = key;
    return true;
}

bool keys_put(struct store_session *session, const char *key_id, const struct auth_key *key,
              struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(key_id));
    AUTO(bson)
    bson_t *fields = BCON_NEW("tenant", BCON_UTF8(key->tenant), "secret_hash",
                              BCON_UTF8(key->secret_hash), "revoked_at", BCON_NULL);

    append_permissions(fields, key->permissions);
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(fields), "$setOnInsert", "{", "created_at",
                              BCON_DATE_TIME(clock_now_ms()), "}");
    return store_update(session, "api_keys", filter, update, true, NULL, err);
}

bool keys_revoke(struct store_session *session, const char *key_id, struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(key_id));
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "revoked_at", BCON_DATE_TIME(clock_now_ms()), "}");
    bool matched;

    if (!store_update(session, "api_keys", filter, update, false, &matched, err)) {
        return false;
    }
    return matched || err_set(err, ERR_NOT_FOUND, "there is no key %s", key_id);
}
