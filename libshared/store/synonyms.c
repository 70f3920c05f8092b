#include "store/synonyms.h"

#include "domain/array.h"
#include "domain/document.h"
#include "domain/synonym.h"

static const char COLLECTION[] = "synonym_dictionaries";

struct found {
    struct arena *arena;
    struct text_list keys;
};

static bool on_found(void *ctx, const bson_t *dictionary)
{
    struct found *found = ctx;
    const char *key = document_text(dictionary, "key");

    if (key) {
        found->keys.items[found->keys.count++] = arena_strdup(found->arena, key);
    }
    return found->keys.count < SYNONYMS_MAX_KEYS;
}

static bson_t *filter_new(const struct text_list *lookups)
{
    bson_t *filter = bson_new();
    bson_t entry;

    BSON_APPEND_DOCUMENT_BEGIN(filter, "lookup", &entry);
    array_append_texts(&entry, "$in", lookups->items, lookups->count);
    bson_append_document_end(filter, &entry);
    return filter;
}

bool synonyms_find_keys(struct store_session *session, struct arena *arena,
                        const struct synonyms_query *query, struct text_list *out, struct err *err)
{
    struct text_list lookups = synonym_query_lookups(arena, query->tenant, query->text);
    struct found found = {.arena = arena};

    if (lookups.count > 0) {
        AUTO(bson) bson_t *filter = filter_new(&lookups);
        AUTO(bson) bson_t *options = BCON_NEW("projection", "{", "key", BCON_INT32(1), "}");

        found.keys.items = arena_calloc(arena, SYNONYMS_MAX_KEYS, sizeof(*found.keys.items));
        if (!store_find(session, COLLECTION, filter, options, on_found, &found, err)) {
            return err_context(err, "looking for synonyms");
        }
    }
    *out = found.keys;
    return true;
}
