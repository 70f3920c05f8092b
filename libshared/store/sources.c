#include "store/sources.h"

#include "base/clock.h"

#include <string.h>

static const char COLLECTION[] = "import_sources";

static const char *const FIELDS[] = {
    "name",
    "field_mappings",
    "locked_fields",
    "auto_publish_enabled",
    "min_score_threshold",
    "required_fields",
    "unchanged",
};

static char *source_id_of(struct arena *arena, const struct source_key *key)
{
    return ID_JOIN(arena, key->tenant, key->source_id);
}

static bson_t *build(const char *id, const struct source_key *key, const bson_t *body,
                     int64_t created_ms)
{
    bson_t *document = BCON_NEW("_id", BCON_UTF8(id), "tenant", BCON_UTF8(key->tenant), "source_id",
                                BCON_UTF8(key->source_id));
    bson_iter_t value;

    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        if (bson_iter_init_find(&value, body, FIELDS[i])) {
            bson_append_iter(document, FIELDS[i], -1, &value);
        }
    }
    BSON_APPEND_DATE_TIME(document, "created_at", created_ms);
    BSON_APPEND_DATE_TIME(document, "updated_at", clock_now_ms());
    return document;
}

bool sources_insert(struct store_session *session, const char *tenant, const bson_t *body,
                    bson_t **out, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    bson_iter_t id;

    if (!bson_iter_init_find(&id, body, "source_id") || !BSON_ITER_HOLDS_UTF8(&id)) {
        return err_set(err, ERR_INVALID, "source_id is missing");
    }
    struct source_key key = {tenant, bson_iter_utf8(&id, NULL)};
    AUTO(bson) bson_t *document = build(source_id_of(arena, &key), &key, body, clock_now_ms());

    if (!store_insert(session, COLLECTION, document, err)) {
        return false;
    }
    *out = STEAL(document);
    return true;
}

bool sources_replace(struct store_session *session, const struct source_key *key,
                     const bson_t *body, bson_t **out, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *before = NULL;
    bson_iter_t created;

    if (!sources_get(session, key, &before, err)) {
        return false;
    }
    int64_t created_ms = bson_iter_init_find(&created, before, "created_at")
                             ? bson_iter_date_time(&created)
                             : clock_now_ms();
    const char *id = source_id_of(arena, key);
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(id));
    AUTO(bson) bson_t *document = build(id, key, body, created_ms);
    struct store_replacement replacement = {filter, document};

    if (!store_replace_many(session, COLLECTION, &replacement, 1, err)) {
        return false;
    }
    *out = STEAL(document);
    return true;
}

bool sources_get(struct store_session *session, const struct source_key *key, bson_t **out,
                 struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    return store_get(session, COLLECTION, source_id_of(arena, key), out, err);
}

bool sources_delete(struct store_session *session, const struct source_key *key, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(source_id_of(arena, key)));
    bool deleted;

    if (!store_delete(session, COLLECTION, filter, &deleted, err)) {
        return false;
    }
    return deleted || err_set(err, ERR_NOT_FOUND, "there is no source %s", key->source_id);
}

bool sources_list(struct store_session *session, const char *tenant, store_each_fn each, void *ctx,
                  struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("tenant", BCON_UTF8(tenant));
    AUTO(bson) bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}");

    return store_find(session, COLLECTION, filter, options, each, ctx, err);
}
