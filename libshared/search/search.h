#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "domain/settings.h"

#include <bson/bson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * OpenSearch. The only library that includes libcurl. A tenant's documents stand in an index of
 * their own,
 * `<prefix>-<entity>-<tenant>`, so that no query can meet another tenant's. Safe to use from
 * several threads. Error kinds of every call: ERR_UNAVAILABLE (no connection, time-out, 429, 5xx),
 * ERR_INVALID (the request can never work), ERR_INTERNAL (the server answers something that is not
 * understood).
 */

struct config;
struct search;

/* Contacts nothing. */
bool search_open(const struct config *config, struct search **out, struct err *err) MUST_USE;
void search_close(struct search *search); /* NULL is allowed */
DEFINE_AUTO(search, struct search, search_close)

bool search_ping(struct search *search, struct err *err) MUST_USE;

/* Puts the index template for `<prefix>-*`: settings and mappings of every index made from then on.
 * Must stand before the first document is indexed. Run by `consign-admin init`. */
bool search_put_template(struct search *search, struct err *err) MUST_USE;

/* ---- writing ---- */

struct search_document {
    const char *entity; /* "products", "customers" */
    const char *tenant;
    const char *code;
    int64_t version;
    const bson_t *body; /* what projection_new made */
};

enum search_outcome {
    SEARCH_STORED,  /* indexed, or the index holds this version or a newer one already */
    SEARCH_RETRY,   /* not now: 429 or 5xx for this document */
    SEARCH_REFUSED, /* never: the server says what is wrong with it */
};

struct search_result {
    enum search_outcome outcome;
    char reason[200]; /* "" when stored */
};

/* Indexes documents in one `_bulk` request; results[i] tells of documents[i]. False only when the
 * request as a whole failed: any part may be indexed then, and sending it again is harmless. */
bool search_bulk_index(struct search *search, const struct search_document *documents, size_t count,
                       struct search_result *results, struct err *err) MUST_USE;

/* ---- reading ---- */

enum {
    SEARCH_MAX_WINDOW = 10000, /* offset + limit of a query */
    SEARCH_MAX_TEXT = 256,     /* bytes of a query text */
};

enum search_choice { SEARCH_ANY, SEARCH_ONLY, SEARCH_WITHOUT };

struct search_query {
    const char *entity;
    const char *tenant;
    struct str text; /* words of any language, a code, an EAN; empty finds everything */
    struct text_list synonym_keys; /* products with one of these are found too, below all others */
    const char *status;            /* only this status; NULL: any */
    const char *channel;           /* only this sales channel; NULL: any */
    const char *promo_code;        /* only products with this promotion; NULL: any */
    const char *promo_type;        /* only products with a promotion of this type; NULL: any */
    enum search_choice promoted;   /* products with an active promotion */
    uint32_t limit;
    uint32_t offset;
};

struct search_hits {
    const char **codes; /* best first; in the caller's arena */
    size_t count;
    int64_t total; /* of all hits, exact */
};

/* ERR_INVALID when the text or offset + limit is over its maximum. An index that does not exist yet
 * has no hits. */
bool search_find(struct search *search, struct arena *arena, const struct search_query *query,
                 struct search_hits *out, struct err *err) MUST_USE;
