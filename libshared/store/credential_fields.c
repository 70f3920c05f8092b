#include "store/credential_fields.h"

#include "base/clock.h"
#include "domain/array.h"

#include <stdio.h>

bool credential_is_valid(const bson_t *document)
{
    bson_iter_t revoked;

    return !bson_iter_init_find(&revoked, document, "revoked_at") ||
           !BSON_ITER_HOLDS_DATE_TIME(&revoked);
}

bool credential_copy_text(const bson_t *document, const char *field, char *out, size_t size)
{
    bson_iter_t value;

    if (!bson_iter_init_find(&value, document, field) || !BSON_ITER_HOLDS_UTF8(&value)) {
        return false;
    }
    int n = snprintf(out, size, "%s", bson_iter_utf8(&value, NULL));

    return n > 0 && (size_t)n < size;
}

unsigned credential_permissions(const bson_t *document)
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

void credential_append_permissions(bson_t *document, unsigned permissions)
{
    struct array list;

    array_begin(document, "permissions", &list);
    for (unsigned permission = AUTH_CUSTOMERS; permission <= AUTH_ADMIN; permission <<= 1) {
        if (permissions & permission) {
            array_add_text(&list, str_from(auth_permission_name(permission)));
        }
    }
    array_end(&list);
}

bool credential_put(struct store_session *session, const char *collection, const char *id,
                    bson_t *fields, struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(id));

    BSON_APPEND_NULL(fields, "revoked_at");
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", BCON_DOCUMENT(fields), "$setOnInsert", "{", "created_at",
                              BCON_DATE_TIME(clock_now_ms()), "}");
    return store_update(session, collection, filter, update, true, NULL, err);
}

bool credential_revoke(struct store_session *session, const char *collection, const char *id,
                       struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(id));
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "revoked_at", BCON_DATE_TIME(clock_now_ms()), "}");
    bool matched;

    if (!store_update(session, collection, filter, update, false, &matched, err)) {
        return false;
    }
    return matched || err_set(err, ERR_NOT_FOUND, "there is no key %s", id);
}
