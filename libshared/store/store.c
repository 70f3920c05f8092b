#include "store/store_internal.h"

#include "base/clock.h"
#include "config/config.h"
#include "log/log.h"

#include <stdio.h>

enum { COMMIT_PATIENCE_MS = 20000 };

static const int CONFLICT_CODES[] = {
    11000, /* DuplicateKey */
    112,   /* WriteConflict */
    251,   /* NoSuchTransaction: aborted by the server */
};

static bool is_conflict(const bson_error_t *error)
{
    for (size_t i = 0; i < sizeof(CONFLICT_CODES) / sizeof(CONFLICT_CODES[0]); i++) {
        if ((int)error->code == CONFLICT_CODES[i]) {
            return true;
        }
    }
    return false;
}

static bool is_unavailable(const bson_error_t *error, const bson_t *reply)
{
    static const int codes[] = {6,     7,     89,    91,    189, 9001, 10107,
                                11600, 11602, 13435, 13436, 50,  262};

    if (error->domain == MONGOC_ERROR_SERVER_SELECTION || error->domain == MONGOC_ERROR_STREAM) {
        return true;
    }
    if (reply && (mongoc_error_has_label(reply, "RetryableWriteError") ||
                  mongoc_error_has_label(reply, "UnknownTransactionCommitResult"))) {
        return true;
    }
    for (size_t i = 0; error->domain == MONGOC_ERROR_SERVER && i < sizeof(codes) / sizeof(codes[0]);
         i++) {
        if ((int)error->code == codes[i]) {
            return true;
        }
    }
    return error->domain == MONGOC_ERROR_WRITE_CONCERN;
}

bool store_fail(struct err *err, const bson_error_t *error, const bson_t *reply)
{
    enum err_kind kind = ERR_INTERNAL;

    if (is_conflict(error) ||
        (reply && mongoc_error_has_label(reply, "TransientTransactionError") &&
         error->domain == MONGOC_ERROR_SERVER)) {
        kind = ERR_CONFLICT;
    } else if (is_unavailable(error, reply)) {
        kind = ERR_UNAVAILABLE;
    }
    err_set(err, kind, "MongoDB: %s", error->message);
    err->code = (int)error->code;
    return false;
}

static void set_default(mongoc_uri_t *uri, const char *option, int32_t value)
{
    if (!mongoc_uri_has_option(uri, option)) {
        mongoc_uri_set_option_as_int32(uri, option, value);
    }
}

/* libmongoc's own time-outs are as long as a consumer may be silent before it loses its partitions.
 */
static void apply_defaults(mongoc_uri_t *uri)
{
    set_default(uri, MONGOC_URI_SOCKETTIMEOUTMS, 20000);
    set_default(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 5000);
    set_default(uri, MONGOC_URI_CONNECTTIMEOUTMS, 3000);
    mongoc_write_concern_t *concern = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(concern, -1);
    mongoc_uri_set_write_concern(uri, concern);
    mongoc_write_concern_destroy(concern);
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, true);
}

/* libmongoc would write plain text to stderr, among lines that are JSON. */
static void forward_log(mongoc_log_level_t level, const char *domain, const char *message,
                        void *ctx)
{
    (void)level;
    (void)ctx;
    log_debug("%s: %s", domain, message);
}

bool store_open(const struct config *config, struct store **out, struct err *err)
{
    bson_error_t error;

    mongoc_init();
    mongoc_log_set_handler(forward_log, NULL);
    mongoc_uri_t *uri = mongoc_uri_new_with_error(config->mongo_uri, &error);
    if (!uri) {
        return err_set(err, ERR_INVALID, "MONGO_URI: %s", error.message);
    }
    apply_defaults(uri);
    mongoc_client_pool_t *pool = mongoc_client_pool_new_with_error(uri, &error);
    mongoc_uri_destroy(uri);
    if (!pool) {
        return err_set(err, ERR_INVALID, "MONGO_URI: %s", error.message);
    }
    mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
    mongoc_client_pool_set_appname(pool, "consign");

    struct store *store = mem_calloc(1, sizeof(*store));
    store->pool = pool;
    store->database = mem_strdup(config->mongo_database);
    *out = store;
    return true;
}

void store_close(struct store *store)
{
    if (!store) {
        return;
    }
    mongoc_client_pool_destroy(store->pool);
    mem_free(store->database);
    mem_free(store);
    mongoc_cleanup();
}

bool store_ping(struct store *store, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    bson_error_t error;

    if (!store_session_open(store, &session, err)) {
        return false;
    }
    bson_t *ping = BCON_NEW("ping", BCON_INT32(1));
    bool ok = mongoc_client_command_simple(session->client, "admin", ping, NULL, NULL, &error);
    bson_destroy(ping);
    return ok || store_fail(err, &error, NULL);
}

bool store_session_open(struct store *store, struct store_session **out, struct err *err)
{
    mongoc_client_t *client = mongoc_client_pool_pop(store->pool);

    if (!client) {
        return err_set(err, ERR_UNAVAILABLE, "MongoDB: no free connection");
    }
    struct store_session *session = mem_calloc(1, sizeof(*session));
    session->store = store;
    session->client = client;
    *out = session;
    return true;
}

void store_session_close(struct store_session *session)
{
    if (!session) {
        return;
    }
    store_abort(session);
    if (session->own) {
        mongoc_client_session_destroy(session->own);
    }
    mongoc_client_pool_push(session->store->pool, session->client);
    mem_free(session);
}

bool store_own_session(struct store_session *session, struct err *err)
{
    bson_error_t error;

    if (!session->own) {
        session->own = mongoc_client_start_session(session->client, NULL, &error);
    }
    return session->own || store_fail(err, &error, NULL);
}

bool store_begin(struct store_session *session, struct err *err)
{
    bson_error_t error;

    if (!store_own_session(session, err)) {
        return false;
    }
    if (!mongoc_client_session_start_transaction(session->own, NULL, &error)) {
        return store_fail(err, &error, NULL);
    }
    session->txn = session->own;
    return true;
}

bool store_commit(struct store_session *session, struct err *err)
{
    int64_t deadline = clock_monotonic_ms() + COMMIT_PATIENCE_MS;

    for (;;) {
        bson_error_t error;
        bson_t reply;
        bool ok = mongoc_client_session_commit_transaction(session->txn, &reply, &error);
        bool unknown = !ok && mongoc_error_has_label(&reply, "UnknownTransactionCommitResult");

        if (!ok && (!unknown || clock_monotonic_ms() >= deadline)) {
            store_fail(err, &error, &reply);
            bson_destroy(&reply);
            store_abort(session);
            return false;
        }
        bson_destroy(&reply);
        if (ok) {
            session->txn = NULL;
            return true;
        }
    }
}

void store_abort(struct store_session *session)
{
    if (!session->txn) {
        return;
    }
    if (mongoc_client_session_in_transaction(session->txn)) {
        /* An abort that fails leaves a transaction that the server ends by itself. */
        (void)mongoc_client_session_abort_transaction(session->txn, NULL);
    }
    session->txn = NULL;
}

mongoc_collection_t *store_collection(struct store_session *session, const char *name)
{
    return mongoc_client_get_collection(session->client, session->store->database, name);
}

void store_options_init(bson_t *options, const struct store_session *session)
{
    bson_error_t error;

    bson_init(options);
    if (session->txn) {
        /* Fails only for a session of another client, which this is not. */
        (void)mongoc_client_session_append(session->txn, options, &error);
    }
}
