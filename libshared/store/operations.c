#include "store/store_internal.h"

#include "domain/array.h"

#include <stdio.h>

/* A command is limited in bytes, so many ids are asked for in more than one. */
enum { FIND_BATCH = 100000, IDS_PER_FIND = 10000 };

static bool drain_cursor(mongoc_cursor_t *cursor, store_each_fn each, void *ctx, struct err *err)
{
    const bson_t *document;
    const bson_t *reply = NULL;
    bson_error_t error;

    while (mongoc_cursor_next(cursor, &document)) {
        if (!each(ctx, document)) {
            return true;
        }
    }
    if (mongoc_cursor_error_document(cursor, &error, &reply)) {
        return store_fail(err, &error, reply);
    }
    return true;
}

bool store_find(struct store_session *session, const char *collection, const bson_t *filter,
                const bson_t *options, store_each_fn each, void *ctx, struct err *err)
{
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    bson_t all;

    store_options_init(&all, session);
    if (options) {
        bson_concat(&all, options);
    }
    AUTO(mongoc_cursor)
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(handle, filter, &all, NULL);
    bson_destroy(&all);
    return drain_cursor(cursor, each, ctx, err);
}

void store_match_ids(bson_t *filter, const char *const *ids, size_t count)
{
    bson_t in;

    bson_append_document_begin(filter, "_id", 3, &in);
    array_append_texts(&in, "$in", ids, count);
    bson_append_document_end(filter, &in);
}

bool store_find_ids(struct store_session *session, const char *collection, const char *const *ids,
                    size_t count, store_each_fn each, void *ctx, struct err *err)
{
    AUTO(bson) bson_t *options = BCON_NEW("batchSize", BCON_INT32(FIND_BATCH));

    for (size_t first = 0; first < count; first += IDS_PER_FIND) {
        AUTO(bson) bson_t *filter = bson_new();
        size_t left = count - first;

        store_match_ids(filter, ids + first, left < IDS_PER_FIND ? left : IDS_PER_FIND);
        if (!store_find(session, collection, filter, options, each, ctx, err)) {
            return false;
        }
    }
    return true;
}

static bool keep_first(void *ctx, const bson_t *document)
{
    *(bson_t **)ctx = bson_copy(document);
    return false;
}

bool store_get(struct store_session *session, const char *collection, const char *id, bson_t **out,
               struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(id));
    AUTO(bson) bson_t *options = BCON_NEW("limit", BCON_INT64(1));
    bson_t *found = NULL;

    if (!store_find(session, collection, filter, options, keep_first, &found, err)) {
        return false;
    }
    if (!found) {
        return err_set(err, ERR_NOT_FOUND, "%s has no %s", collection, id);
    }
    *out = found;
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
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    bson_error_t error;
    bson_t options;
    bson_t reply;

    if (count == 0) {
        return true;
    }
    store_options_init(&options, session);
    /* Keys were checked when the row was read; checking each again costs as much as sending it. */
    bson_append_bool(&options, "validate", -1, false);
    bool ok = mongoc_collection_insert_many(handle, (const bson_t **)documents, count, &options,
                                            &reply, &error);
    bson_destroy(&options);
    if (!ok) {
        store_fail(err, &error, &reply);
    }
    bson_destroy(&reply);
    return ok;
}

bool store_replace_many(struct store_session *session, const char *collection,
                        const struct store_replacement *replacements, size_t count, struct err *err)
{
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    bson_error_t error;
    bson_t options;
    bson_t reply;
    bson_iter_t matched;

    if (count == 0) {
        return true;
    }
    store_options_init(&options, session);
    AUTO(mongoc_bulk)
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(handle, &options);
    bson_destroy(&options);
    AUTO(bson) bson_t *unchecked = BCON_NEW("validate", BCON_BOOL(false));
    for (size_t i = 0; i < count; i++) {
        if (!mongoc_bulk_operation_replace_one_with_opts(
                bulk, replacements[i].filter, replacements[i].document, unchecked, &error)) {
            return store_fail(err, &error, NULL);
        }
    }
    bool ok = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
    if (!ok) {
        store_fail(err, &error, &reply);
    } else if (!bson_iter_init_find(&matched, &reply, "nMatched") ||
               (size_t)bson_iter_as_int64(&matched) != count) {
        ok = err_set(err, ERR_CONFLICT, "%s: a document changed meanwhile", collection);
    }
    bson_destroy(&reply);
    return ok;
}

bool store_update(struct store_session *session, const char *collection, const bson_t *filter,
                  const bson_t *update, bool upsert, bool *matched, struct err *err)
{
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    bson_error_t error;
    bson_t options;
    bson_t reply;
    bson_iter_t count;

    store_options_init(&options, session);
    bson_append_bool(&options, "upsert", -1, upsert);
    bool ok = mongoc_collection_update_one(handle, filter, update, &options, &reply, &error);
    bson_destroy(&options);
    if (!ok) {
        store_fail(err, &error, &reply);
    } else if (matched) {
        *matched =
            bson_iter_init_find(&count, &reply, "matchedCount") && bson_iter_as_int64(&count) > 0;
    }
    bson_destroy(&reply);
    return ok;
}

static bool take_value(const bson_t *reply, bson_t **out)
{
    bson_iter_t value;
    const uint8_t *data;
    uint32_t size;

    if (!bson_iter_init_find(&value, reply, "value") || !BSON_ITER_HOLDS_DOCUMENT(&value)) {
        return false;
    }
    bson_iter_document(&value, &size, &data);
    *out = bson_new_from_data(data, size);
    return *out != NULL;
}

bool store_find_and_update(struct store_session *session, const char *collection,
                           const bson_t *filter, const bson_t *update, bool upsert, bson_t **out,
                           struct err *err)
{
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    AUTO(mongoc_find_and_modify)
    mongoc_find_and_modify_opts_t *options = mongoc_find_and_modify_opts_new();
    bson_error_t error;
    bson_t extra;
    bson_t reply;

    store_options_init(&extra, session);
    mongoc_find_and_modify_opts_set_update(options, update);
    mongoc_find_and_modify_opts_set_flags(
        options, MONGOC_FIND_AND_MODIFY_RETURN_NEW | (upsert ? MONGOC_FIND_AND_MODIFY_UPSERT : 0));
    mongoc_find_and_modify_opts_append(options, &extra);
    bson_destroy(&extra);
    bool ok = mongoc_collection_find_and_modify_with_opts(handle, filter, options, &reply, &error);
    if (!ok) {
        store_fail(err, &error, &reply);
    } else if (!take_value(&reply, out)) {
        ok = err_set(err, ERR_NOT_FOUND, "%s: no document matches", collection);
    }
    bson_destroy(&reply);
    return ok;
}

bool store_delete(struct store_session *session, const char *collection, const bson_t *filter,
                  bool *deleted, struct err *err)
{
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    bson_error_t error;
    bson_t options;
    bson_t reply;
    bson_iter_t count;

    store_options_init(&options, session);
    bool ok = mongoc_collection_delete_one(handle, filter, &options, &reply, &error);
    bson_destroy(&options);
    if (!ok) {
        store_fail(err, &error, &reply);
    } else if (deleted) {
        *deleted =
            bson_iter_init_find(&count, &reply, "deletedCount") && bson_iter_as_int64(&count) > 0;
    }
    bson_destroy(&reply);
    return ok;
}

bool store_delete_many(struct store_session *session, const char *collection, const bson_t *filter,
                       struct err *err)
{
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    bson_error_t error;
    bson_t options;
    bson_t reply;

    store_options_init(&options, session);
    bool ok = mongoc_collection_delete_many(handle, filter, &options, &reply, &error);
    bson_destroy(&options);
    if (!ok) {
        store_fail(err, &error, &reply);
    }
    bson_destroy(&reply);
    return ok;
}

bool store_count(struct store_session *session, const char *collection, const bson_t *filter,
                 int64_t *out, struct err *err)
{
    AUTO(mongoc_collection) mongoc_collection_t *handle = store_collection(session, collection);
    bson_error_t error;
    bson_t options;
    bson_t reply;

    store_options_init(&options, session);
    int64_t count =
        mongoc_collection_count_documents(handle, filter, &options, NULL, &reply, &error);
    bson_destroy(&options);
    if (count < 0) {
        store_fail(err, &error, &reply);
    } else {
        *out = count;
    }
    bson_destroy(&reply);
    return count >= 0;
}
