#include "base/strmap.h"
#include "domain/document.h"
#include "simulation/check.h"
#include "simulation/models.h"
#include "simulation/world.h"
#include "store/store.h"
#include "store/writers.h"

#include <string.h>

enum { MAX_WRITES = 64, ORPHAN_MS = 60000 };

/* A transaction that nobody ends stays until the server's time-out, with its locks. */
struct txn {
    struct record *writes[MAX_WRITES];
    size_t count;
    uint64_t snapshot;
    int64_t expires_at_ms;
    bool is_over;
};

struct revision {
    const bson_t *value; /* NULL: deleted */
    uint64_t seq;        /* of the commit */
    struct txn *owner;   /* NULL once committed */
    struct revision *older;
};

struct record {
    const char *id;
    struct collection *collection;
    struct revision *newest;
};

struct collection {
    const char *name;
    struct strmap *records;
};

/* The session of one connection, as the server knows it. */
struct store_session {
    struct txn *txn;
    struct txn *last; /* also after its client is gone */
};

static struct {
    uint64_t seq;
    struct strmap *collections;
    struct strmap *writers;
} server;

static struct collection *collection_of(const char *name)
{
    struct collection *collection = strmap_get(server.collections, name);

    if (!collection) {
        collection = arena_calloc(world_arena(), 1, sizeof(*collection));
        collection->name = arena_strdup(world_arena(), name);
        collection->records = strmap_new(world_arena());
        strmap_put(server.collections, collection->name, collection);
    }
    return collection;
}

static struct record *record_of(const char *collection_name, const char *id)
{
    struct collection *collection = collection_of(collection_name);
    struct record *record = strmap_get(collection->records, id);

    if (!record) {
        record = arena_calloc(world_arena(), 1, sizeof(*record));
        record->id = arena_strdup(world_arena(), id);
        record->collection = collection;
        strmap_put(collection->records, record->id, record);
    }
    return record;
}

static const bson_t *keep(const bson_t *document)
{
    const void *bytes = arena_memdup(world_arena(), bson_get_data(document), document->len);

    return document_view(world_arena(), bytes, document->len);
}

/* ---- what a session sees ---- */

static const bson_t *read_record(const struct record *record, const struct txn *txn)
{
    const struct revision *revision = record->newest;

    while (revision && revision->owner != txn &&
           (revision->owner || (txn && revision->seq > txn->snapshot))) {
        revision = revision->older;
    }
    return revision ? revision->value : NULL;
}

/* Importers believe every job to be accepted. */
static const bson_t *without_gate(const struct collection *collection, const bson_t *document)
{
    if (world_is_mutated(MUTATION_ACCEPTANCE_GATE) && world_self() &&
        world_self()->role == ROLE_IMPORTER && strcmp(collection->name, "import_jobs") == 0) {
        AUTO(bson) bson_t *update = BCON_NEW("$set", "{", "acceptance", "accepted", "}");

        return query_update(world_arena(), document, update);
    }
    return document;
}

/* Importers neither find receipts nor meet them. */
static bool is_forgotten(const char *collection)
{
    return world_is_mutated(MUTATION_RECEIPT) && world_self() &&
           world_self()->role == ROLE_IMPORTER && strcmp(collection, "import_receipts") == 0;
}

/* ---- transactions ---- */

static void roll_back(struct txn *txn)
{
    for (size_t i = 0; i < txn->count; i++) {
        struct record *record = txn->writes[i];

        while (record->newest && record->newest->owner == txn) {
            record->newest = record->newest->older;
        }
    }
    txn->is_over = true;
}

static bool conflict(struct err *err, const struct record *record)
{
    world_trace("conflict at %s %s", record->collection->name, record->id);
    return err_set(err, ERR_CONFLICT, "%s %s", record->collection->name, record->id);
}

/* Whether the record may be written now. */
static bool lock(const struct record *record, const struct txn *txn, struct err *err)
{
    const struct revision *newest = record->newest;

    if (!newest || newest->owner == txn || world_is_mutated(MUTATION_WRITE_CONFLICT)) {
        return !newest || !newest->owner || newest->owner == txn || conflict(err, record);
    }
    if (newest->owner) {
        if (newest->owner->expires_at_ms > world_now_ms()) {
            return conflict(err, record);
        }
        roll_back(newest->owner);
        return lock(record, txn, err);
    }
    return !txn || newest->seq <= txn->snapshot || conflict(err, record);
}

static bool write_record(struct store_session *session, struct record *record, const bson_t *value,
                         struct err *err)
{
    struct txn *txn = session->txn;

    if (!lock(record, txn, err)) {
        return false;
    }
    const bson_t *before = read_record(record, NULL);
    struct revision *revision = arena_calloc(world_arena(), 1, sizeof(*revision));

    *revision = (struct revision){value ? keep(value) : NULL, ++server.seq, txn, record->newest};
    record->newest = revision;
    world_note_change();
    if (!txn) {
        check_write(record->collection->name, record->id, before, revision->value);
    } else if (txn->count < MAX_WRITES) {
        txn->writes[txn->count++] = record;
    } else {
        world_violate("a transaction has too many writes for the model");
    }
    return true;
}

static void make_visible(struct txn *txn)
{
    uint64_t seq = ++server.seq;

    for (size_t i = 0; i < txn->count; i++) {
        struct record *record = txn->writes[i];
        const bson_t *before = read_record(record, NULL);

        for (struct revision *at = record->newest; at && at->owner == txn; at = at->older) {
            at->owner = NULL;
            at->seq = seq;
        }
        check_write(record->collection->name, record->id, before, record->newest->value);
    }
    txn->is_over = true;
    world_note_change();
}

static bool is_alive(const struct store_session *session, struct err *err)
{
    if (session->txn && session->txn->is_over) {
        return err_set(err, ERR_CONFLICT, "the transaction was ended by the server");
    }
    return true;
}

/* Both as world_before and world_after, for a session. */
static bool begin_effect(const struct store_session *session, const char *effect,
                         const char *collection, struct err *err)
{
    return world_before(effect, collection, err) && is_alive(session, err);
}

/* ---- store.h ---- */

bool store_open(const struct config *config, struct store **out, struct err *err)
{
    (void)config;
    (void)err;
    *out = NULL;
    return true;
}

void store_close(struct store *store)
{
    (void)store;
}

bool store_session_open(struct store *store, struct store_session **out, struct err *err)
{
    (void)store;
    (void)err;
    *out = arena_calloc(world_arena(), 1, sizeof(**out));
    return true;
}

void store_session_close(struct store_session *session)
{
    if (session) {
        store_abort(session);
    }
}

bool store_begin(struct store_session *session, struct err *err)
{
    (void)err;
    session->txn = arena_calloc(world_arena(), 1, sizeof(*session->txn));
    session->txn->snapshot = server.seq;
    session->txn->expires_at_ms = world_now_ms() + ORPHAN_MS;
    session->last = session->txn;
    return true;
}

bool store_commit(struct store_session *session, struct err *err)
{
    if (!begin_effect(session, "commit", "transaction", err)) {
        store_abort(session);
        return false;
    }
    make_visible(session->txn);
    session->txn = NULL;
    return world_after("commit", "transaction", err);
}

/* Whoever is killed cannot abort. */
void store_abort(struct store_session *session)
{
    if (session->txn && !world_self_is_dead() && !session->txn->is_over) {
        roll_back(session->txn);
    }
    session->txn = NULL;
}

void store_match_ids(bson_t *filter, const char *const *ids, size_t count)
{
    bson_t in;
    bson_t list;

    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
    BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
    for (size_t i = 0; i < count; i++) {
        bson_append_utf8(&list, "", 0, ids[i], -1);
    }
    bson_append_array_end(&in, &list);
    bson_append_document_end(filter, &in);
}

bool store_find(struct store_session *session, const char *collection, const bson_t *filter,
                const bson_t *options, store_each_fn each, void *ctx, struct err *err)
{
    const struct record *record;

    (void)options;
    if (!begin_effect(session, "find", collection, err)) {
        return false;
    }
    for (size_t i = 0; (record = strmap_at(collection_of(collection)->records, i, NULL)); i++) {
        const bson_t *document = read_record(record, session->txn);

        if (document && query_matches(document, filter) && !each(ctx, document)) {
            break;
        }
    }
    return world_after("find", collection, err);
}

bool store_find_ids(struct store_session *session, const char *collection, const char *const *ids,
                    size_t count, store_each_fn each, void *ctx, struct err *err)
{
    if (!begin_effect(session, "find", collection, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct record *record = record_of(collection, ids[i]);
        const bson_t *document = read_record(record, session->txn);

        if (document && !is_forgotten(collection)) {
            each(ctx, document);
        }
    }
    return world_after("find", collection, err);
}

bool store_get(struct store_session *session, const char *collection, const char *id, bson_t **out,
               struct err *err)
{
    if (!begin_effect(session, "get", collection, err)) {
        return false;
    }
    const struct record *record = record_of(collection, id);
    const bson_t *document = read_record(record, session->txn);

    if (!document || is_forgotten(collection)) {
        return err_set(err, ERR_NOT_FOUND, "%s has no %s", collection, id);
    }
    if (!world_after("get", collection, err)) {
        return false;
    }
    *out = bson_copy(without_gate(record->collection, document));
    return true;
}

bool store_insert(struct store_session *session, const char *collection, const bson_t *document,
                  struct err *err)
{
    return store_insert_many(session, collection, &document, 1, err);
}

bool store_insert_many(struct store_session *session, const char *collection,
                       const bson_t *const *documents, size_t count, struct err *err)
{
    if (count == 0) {
        return true;
    }
    if (!begin_effect(session, "insert", collection, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct record *record = record_of(collection, document_text(documents[i], "_id"));

        if (!lock(record, session->txn, err)) {
            return false;
        }
        if (read_record(record, session->txn) && !is_forgotten(collection)) {
            return conflict(err, record);
        }
        if (!write_record(session, record, documents[i], err)) {
            return false;
        }
    }
    return world_after("insert", collection, err);
}

/* The first document that the filter finds; all filters for one document name its _id. */
static struct record *find_one(const struct store_session *session, const char *collection,
                               const bson_t *filter)
{
    const char *id = document_text(filter, "_id");
    struct record *record = id ? record_of(collection, id) : NULL;

    if (!record) {
        world_violate("the store model changes documents by _id alone");
        return NULL;
    }
    const bson_t *document = read_record(record, session->txn);

    return document && query_matches(document, filter) ? record : NULL;
}

bool store_replace_many(struct store_session *session, const char *collection,
                        const struct store_replacement *replacements, size_t count, struct err *err)
{
    if (count == 0) {
        return true;
    }
    if (!begin_effect(session, "replace", collection, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct record *record = find_one(session, collection, replacements[i].filter);

        if (!record) {
            return err_set(err, ERR_CONFLICT, "%s: a document changed meanwhile", collection);
        }
        if (!write_record(session, record, replacements[i].document, err)) {
            return false;
        }
    }
    return world_after("replace", collection, err);
}

/* *after is NULL when the filter found nothing and nothing was to be made. */
static bool change_one(struct store_session *session, const char *collection, const bson_t *filter,
                       const bson_t *update, bool upsert, const bson_t **after, struct err *err)
{
    struct record *record = find_one(session, collection, filter);

    *after = NULL;
    if (record) {
        *after = query_update(world_arena(), read_record(record, session->txn), update);
    } else if (upsert) {
        bson_t *made = document_new(world_arena());
        const char *id = document_text(filter, "_id");

        BSON_APPEND_UTF8(made, "_id", id);
        record = record_of(collection, id);
        *after = query_update(world_arena(), made, update);
    }
    return !*after || write_record(session, record, *after, err);
}

bool store_update(struct store_session *session, const char *collection, const bson_t *filter,
                  const bson_t *update, bool upsert, bool *matched, struct err *err)
{
    const bson_t *after;

    if (!begin_effect(session, "update", collection, err) ||
        !change_one(session, collection, filter, update, upsert, &after, err)) {
        return false;
    }
    if (matched) {
        *matched = after != NULL;
    }
    return world_after("update", collection, err);
}

bool store_find_and_update(struct store_session *session, const char *collection,
                           const bson_t *filter, const bson_t *update, bool upsert, bson_t **out,
                           struct err *err)
{
    const bson_t *after;

    if (!begin_effect(session, "find and update", collection, err) ||
        !change_one(session, collection, filter, update, upsert, &after, err) ||
        !world_after("find and update", collection, err)) {
        return false;
    }
    if (!after) {
        return err_set(err, ERR_NOT_FOUND, "%s: no document matches", collection);
    }
    *out = bson_copy(after);
    return true;
}

bool store_delete(struct store_session *session, const char *collection, const bson_t *filter,
                  bool *deleted, struct err *err)
{
    if (!begin_effect(session, "delete", collection, err)) {
        return false;
    }
    struct record *record = find_one(session, collection, filter);

    if (record && !write_record(session, record, NULL, err)) {
        return false;
    }
    if (deleted) {
        *deleted = record != NULL;
    }
    return world_after("delete", collection, err);
}

/* Nothing in the simulation asks for these; they are here for the linker. */
bool store_delete_many(struct store_session *session, const char *collection, const bson_t *filter,
                       struct err *err)
{
    (void)session;
    (void)filter;
    world_violate("the store model does not delete many");
    return err_set(err, ERR_INTERNAL, "%s", collection);
}

bool store_count(struct store_session *session, const char *collection, const bson_t *filter,
                 int64_t *out, struct err *err)
{
    (void)session;
    (void)filter;
    *out = 0;
    world_violate("the store model does not count");
    return err_set(err, ERR_INTERNAL, "%s", collection);
}

bool writers_take(struct store_session *session, const char *partition, struct err *err)
{
    if (!world_before("take over", partition, err)) {
        return false;
    }
    struct store_session *previous = strmap_get(server.writers, partition);

    strmap_put(server.writers, arena_strdup(world_arena(), partition), session);
    if (previous && previous != session && previous->last && !previous->last->is_over) {
        world_trace("ends the transaction of the writer before");
        roll_back(previous->last);
    }
    return world_after("take over", partition, err);
}

/* ---- models.h ---- */

void store_model_begin(void)
{
    server.seq = 0;
    server.collections = strmap_new(world_arena());
    server.writers = strmap_new(world_arena());
}

const bson_t *store_model_get(const char *collection, const char *id)
{
    return read_record(record_of(collection, id), NULL);
}

void store_model_each(const char *collection, store_model_each_fn each, void *ctx)
{
    const struct record *record;

    for (size_t i = 0; (record = strmap_at(collection_of(collection)->records, i, NULL)); i++) {
        const bson_t *document = read_record(record, NULL);

        if (document) {
            each(ctx, document);
        }
    }
}
