#pragma once

#include "base/buf.h"
#include "search/search.h"

#include <curl/curl.h>

DEFINE_AUTO(document, bson_t, bson_destroy)

enum {
    SEARCH_IDLE_MAX = 16,
    SEARCH_INDEX_SIZE = 256, /* OpenSearch's limit is 255 bytes */
};

struct search {
    char *url; /* without a slash at its end */
    char *prefix;
    /* Connections at rest. A call takes one out or makes one, so that no two threads ever share
     * one. */
    _Atomic(CURL *) idle[SEARCH_IDLE_MAX];
};

struct search_request {
    const char *method;
    const char *path; /* "/_bulk?…"; needs no escaping */
    const char *content_type;
    struct str body;
};

/*
 * Sends a request and takes the whole answer; `answer` is followed by 64 readable bytes. False with
 * the kind that the status stands for: 404 ERR_NOT_FOUND, 429 and 5xx ERR_UNAVAILABLE, 401 and 403
 * ERR_INTERNAL, another 4xx ERR_INVALID.
 */
bool search_http_send(struct search *search, const struct search_request *request,
                      struct buf *answer, struct err *err) MUST_USE;
void search_http_close_idle(struct search *search);

/* Parses an answer. The document lives in the arena. ERR_INTERNAL when it is no JSON object. */
bool search_answer_parse(struct arena *arena, const struct buf *answer, const bson_t **out,
                         struct err *err) MUST_USE;

/* The name of a tenant's index. ERR_INVALID for a tenant or entity that is not made of a-z, 0-9,
 * '_' and '-': no other character may reach a path, where ',' and '*' would name other tenants'
 * indexes. */
bool search_index_name(const struct search *search, const char *entity, const char *tenant,
                       char out[SEARCH_INDEX_SIZE], struct err *err) MUST_USE;
