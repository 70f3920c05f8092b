#include "store/documents.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VERSION_TEXT = 24 };

static int64_t version_of(const bson_t *document)
{
    bson_iter_t version;

    return bson_iter_init_find(&version, document, "version") ? bson_iter_as_int64(&version) : 0;
}

static char *current_id(struct arena *arena, const struct document_key *key)
{
    return ID_JOIN(arena, key->tenant, key->code);
}

static char *history_id(struct arena *arena, const struct document_key *key, int64_t version)
{
    char text[VERSION_TEXT];

    snprintf(text, sizeof(text), "%" PRId64, version);
    return ID_JOIN(arena, key->tenant, key->code, text);
}

void documents_list_done(struct documents_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        bson_destroy(list->items[i]);
    }
    mem_free(list->items);
    *list = (struct documents_list){0};
}

bool documents_get(struct store_session *session, const struct document_key *key, bson_t **out,
                   struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    return store_get(session, key->current, current_id(arena, key), out, err);
}

bool documents_get_version(struct store_session *session, const struct document_key *key,
                           int64_t version, bson_t **out, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *current = NULL;

    /* Current before history: a version only ever moves that way, so it cannot slip past both
     * reads. */
    if (!documents_get(session, key, &current, err)) {
        return false;
    }
    if (version_of(current) == version) {
        *out = STEAL(current);
        return true;
    }
    return store_get(session, key->history, history_id(arena, key, version), out, err);
}

struct ordered {
    const char *const *ids;
    bson_t **slots;
    size_t count;
};

static bool keep_in_slot(void *ctx, const bson_t *document)
{
    struct ordered *ordered = ctx;
    bson_iter_t id;

    if (!bson_iter_init_find(&id, document, "_id") || !BSON_ITER_HOLDS_UTF8(&id)) {
        return true;
    }
    for (size_t i = 0; i < ordered->count; i++) {
        if (strcmp(ordered->ids[i], bson_iter_utf8(&id, NULL)) == 0) {
            ordered->slots[i] = bson_copy(document);
            return true;
        }
    }
    return true;
}

/* Appends the documents of these ids to the list, in the order of the ids. The list has room for
 * all of them. */
static bool append_in_order(struct store_session *session, const char *collection,
                            const struct ordered *ordered, struct documents_list *list,
                            struct err *err)
{
    bool ok = store_find_ids(session, collection, ordered->ids, ordered->count, keep_in_slot,
                             (void *)ordered, err);

    for (size_t i = 0; i < ordered->count; i++) {
        if (ordered->slots[i]) {
            list->items[list->count++] = ordered->slots[i];
        }
    }
    return ok;
}

/* The ids of at most `limit` versions from `newest` down to 1. */
static struct ordered older_versions(struct arena *arena, const struct document_key *key,
                                     int64_t newest, size_t limit)
{
    size_t count = newest < 1 ? 0 : (uint64_t)newest < limit ? (size_t)newest : limit;
    const char **ids = arena_calloc(arena, count, sizeof(*ids));

    for (size_t i = 0; i < count; i++) {
        ids[i] = history_id(arena, key, newest - (int64_t)i);
    }
    return (struct ordered){ids, arena_calloc(arena, count, sizeof(bson_t *)), count};
}

bool documents_list_versions(struct store_session *session, const struct document_key *key,
                             const struct documents_page *page, struct documents_list *out,
                             struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *current = NULL;

    if (!documents_get(session, key, &current, err)) {
        return false;
    }
    AUTO(documents_list)
    struct documents_list list = {mem_calloc(page->limit, sizeof(bson_t *)), 0};
    int64_t newest = version_of(current);
    int64_t from = page->before > 0 && page->before <= newest ? page->before - 1 : newest;

    if (from == newest && page->limit > 0) {
        list.items[list.count++] = STEAL(current);
        from--;
    }
    struct ordered older = older_versions(arena, key, from, page->limit - list.count);

    if (!append_in_order(session, key->history, &older, &list, err)) {
        return false;
    }
    *out = list;
    list = (struct documents_list){0};
    return true;
}

bool documents_find(struct store_session *session, const struct documents_query *query,
                    struct documents_list *out, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(documents_list)
    struct documents_list list = {mem_calloc(query->count, sizeof(bson_t *)), 0};
    const char **ids = arena_calloc(arena, query->count, sizeof(*ids));
    struct ordered ordered = {ids, arena_calloc(arena, query->count, sizeof(bson_t *)),
                              query->count};

    for (size_t i = 0; i < query->count; i++) {
        ids[i] = ID_JOIN(arena, query->tenant, query->codes[i]);
    }
    if (!append_in_order(session, query->current, &ordered, &list, err)) {
        return false;
    }
    *out = list;
    list = (struct documents_list){0};
    return true;
}
