#include "store/writers.h"

#include "store/store_internal.h"

static bool read_previous(const bson_t *reply, bson_t *lsid)
{
    bson_iter_t value;
    bson_iter_t inner;
    const uint8_t *data;
    uint32_t size;
    bson_t found;

    if (!bson_iter_init_find(&value, reply, "value") || !BSON_ITER_HOLDS_DOCUMENT(&value) ||
        !bson_iter_recurse(&value, &inner) || !bson_iter_find(&inner, "lsid") ||
        !BSON_ITER_HOLDS_DOCUMENT(&inner)) {
        return false;
    }
    bson_iter_document(&inner, &size, &data);
    return bson_init_static(&found, data, size) && (bson_copy_to(&found, lsid), true);
}

static bool kill_session(struct store_session *session, const bson_t *lsid, struct err *err)
{
    AUTO(bson) bson_t *command = BCON_NEW("killSessions", "[", BCON_DOCUMENT(lsid), "]");
    bson_error_t error;

    return mongoc_client_command_simple(session->client, "admin", command, NULL, NULL, &error) ||
           store_fail(err, &error, NULL);
}

/* Puts our session in place of the one that stands there, which is given back. */
static bool exchange(struct store_session *session, const char *partition, bson_t *reply,
                     struct err *err)
{
    AUTO(mongoc_collection)
    mongoc_collection_t *collection = store_collection(session, "import_writers");
    AUTO(mongoc_find_and_modify)
    mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(partition));
    AUTO(bson)
    bson_t *update =
        BCON_NEW("$set", "{", "lsid", BCON_DOCUMENT(mongoc_client_session_get_lsid(session->own)),
                 "}", "$currentDate", "{", "since", BCON_BOOL(true), "}");
    bson_error_t error;

    mongoc_find_and_modify_opts_set_update(options, update);
    mongoc_find_and_modify_opts_set_flags(options, MONGOC_FIND_AND_MODIFY_UPSERT);
    return mongoc_collection_find_and_modify_with_opts(collection, filter, options, reply,
                                                       &error) ||
           store_fail(err, &error, reply);
}

bool writers_take(struct store_session *session, const char *partition, struct err *err)
{
    bson_t previous = BSON_INITIALIZER;
    bson_t reply;
    bool ok = store_own_session(session, err);

    if (!ok) {
        return false;
    }
    ok = exchange(session, partition, &reply, err);
    if (ok && read_previous(&reply, &previous) &&
        !bson_equal(&previous, mongoc_client_session_get_lsid(session->own))) {
        ok = kill_session(session, &previous, err);
    }
    bson_destroy(&previous);
    bson_destroy(&reply);
    return ok || err_context(err, "taking over %s", partition);
}
