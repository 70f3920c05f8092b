#include "store/store_internal.h"

#include "domain/entity.h"

enum index_kind {
    INDEX_PLAIN,
    INDEX_EXPIRES, /* a TTL index on a date that says when */
    INDEX_UNIQUE,
    INDEX_SPARSE, /* only of documents that have the field */
};

struct index {
    const char *collection;
    const char *keys[4]; /* a leading '-' means descending */
    enum index_kind kind;
};

/* docs/DATA.md, "Collections". Everything else is found by _id. */
static const struct index indexes[] = {
    {"import_jobs", {"tenant", "-created_at"}, INDEX_PLAIN},
    {"import_jobs", {"tenant", "batch_id"}, INDEX_PLAIN},
    {"import_jobs", {"tenant", "status", "-created_at"}, INDEX_PLAIN},
    {"import_jobs", {"accepting_since"}, INDEX_PLAIN},
    {"import_receipts", {"expires_at"}, INDEX_EXPIRES},
    {"import_errors", {"expires_at"}, INDEX_EXPIRES},
    {"idempotency_keys", {"expires_at"}, INDEX_EXPIRES},
    {"import_sources", {"tenant"}, INDEX_PLAIN},
    {"sessions", {"expires_at"}, INDEX_EXPIRES},
    {"dlq_replays", {"expires_at"}, INDEX_EXPIRES},
    {"products", {"embeds"}, INDEX_SPARSE},
    {"synonym_dictionaries", {"lookup"}, INDEX_PLAIN},
    /* The two that GridFS asks for, and ours. */
    {"uploads.files", {"filename", "uploadDate"}, INDEX_PLAIN},
    {"uploads.chunks", {"files_id", "n"}, INDEX_UNIQUE},
    {"uploads.files", {"expires_at"}, INDEX_EXPIRES},
    {"uploads.chunks", {"expires_at"}, INDEX_EXPIRES},
};

/* A transaction cannot create a collection on every server, so all exist before the first import:
 * these, and two for each entity. */
static const char *const collections[] = {
    "import_jobs",      "import_batches", "import_receipts", "import_errors", "import_sources",
    "tenants",          "jwt_keys",       "sessions",        "api_keys",      "idempotency_keys",
    "import_writers",   "public_codes",   "counters",        "uploads.files", "uploads.chunks",
    "consume_attempts", "dlq_replays",
};

enum { NAMESPACE_EXISTS = 48 };

static bool create_collection(struct store_session *session, const char *name, struct err *err)
{
    mongoc_database_t *database =
        mongoc_client_get_database(session->client, session->store->database);
    bson_error_t error;
    mongoc_collection_t *made = mongoc_database_create_collection(database, name, NULL, &error);
    bool ok = made || error.code == NAMESPACE_EXISTS;

    if (made) {
        mongoc_collection_destroy(made);
    }
    mongoc_database_destroy(database);
    return ok || store_fail(err, &error, NULL);
}

static bool create_index(struct store_session *session, const struct index *index, struct err *err)
{
    AUTO(bson) bson_t *keys = bson_new();
    AUTO(bson) bson_t *spec = bson_new();
    bson_error_t error;

    for (size_t i = 0; i < 4 && index->keys[i]; i++) {
        bool descending = index->keys[i][0] == '-';

        bson_append_int32(keys, index->keys[i] + descending, -1, descending ? -1 : 1);
    }
    char *name = mongoc_collection_keys_to_index_string(keys);
    BSON_APPEND_DOCUMENT(spec, "key", keys);
    BSON_APPEND_UTF8(spec, "name", name);
    bson_free(name);
    if (index->kind == INDEX_EXPIRES) {
        BSON_APPEND_INT32(spec, "expireAfterSeconds", 0);
    } else if (index->kind == INDEX_UNIQUE) {
        BSON_APPEND_BOOL(spec, "unique", true);
    } else if (index->kind == INDEX_SPARSE) {
        BSON_APPEND_BOOL(spec, "sparse", true);
    }
    AUTO(bson)
    bson_t *command = BCON_NEW("createIndexes", BCON_UTF8(index->collection), "indexes", "[",
                               BCON_DOCUMENT(spec), "]");
    bool ok = mongoc_client_write_command_with_opts(session->client, session->store->database,
                                                    command, NULL, NULL, &error);
    return ok || store_fail(err, &error, NULL);
}

static bool create_collections(struct store_session *session, struct err *err)
{
    const struct entity *entity;

    for (size_t i = 0; i < sizeof(collections) / sizeof(collections[0]); i++) {
        if (!create_collection(session, collections[i], err)) {
            return err_context(err, "creating collection %s", collections[i]);
        }
    }
    for (size_t i = 0; (entity = entity_at(i)); i++) {
        if (!create_collection(session, entity->name, err) ||
            !create_collection(session, entity->history, err)) {
            return err_context(err, "creating the collections of %s", entity->name);
        }
    }
    return true;
}

bool store_create_schema(struct store *store, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;

    if (!store_session_open(store, &session, err) || !create_collections(session, err)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        if (!create_index(session, &indexes[i], err)) {
            return err_context(err, "creating an index on %s", indexes[i].collection);
        }
    }
    return true;
}
