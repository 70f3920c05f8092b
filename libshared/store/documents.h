#pragma once

#include "store/store.h"

/*
 * Reading back versioned documents: a collection of current ones and one of history (docs/DATA.md).
 * Every read goes by
 * `_id`: versions have no gaps, so the ids of a page of history are known without a search. Error
 * kinds as in store.h.
 */

struct document_key {
    const char *current; /* "products" */
    const char *history; /* "product_versions" */
    const char *tenant;
    const char *code;
};

/* The current document; ERR_NOT_FOUND. The caller destroys *out. */
bool documents_get(struct store_session *session, const struct document_key *key, bson_t **out,
                   struct err *err) MUST_USE;

/* One version, the current one or an older; ERR_NOT_FOUND. The caller destroys *out. */
bool documents_get_version(struct store_session *session, const struct document_key *key,
                           int64_t version, bson_t **out, struct err *err) MUST_USE;

/* Documents in order, owned: give back with documents_list_done. All zero is an empty list. */
struct documents_list {
    bson_t **items;
    size_t count;
};
void documents_list_done(struct documents_list *list);
static inline void auto_free_documents_list(struct documents_list *list)
{
    documents_list_done(list);
}

struct documents_page {
    int64_t before; /* only versions below this one; 0: from the newest */
    size_t limit;
};

/* Versions newest first, the current one among them. ERR_NOT_FOUND when the code is unknown. */
bool documents_list_versions(struct store_session *session, const struct document_key *key,
                             const struct documents_page *page, struct documents_list *out,
                             struct err *err) MUST_USE;

struct documents_query {
    const char *current;
    const char *tenant;
    const char *const *codes;
    size_t count;
};

/* The current documents of these codes in the order of the codes; a code without one is left out.
 */
bool documents_find(struct store_session *session, const struct documents_query *query,
                    struct documents_list *out, struct err *err) MUST_USE;
