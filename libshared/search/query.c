#include "search/search_internal.h"

#include "domain/array.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

static const char *const CODE_FIELDS[] = {
    "code", "sku", "ean", "product_model", "public_code", "vat_number", "fiscal_code", "email",
};

static const char *const WORD_FIELDS[] = {"name.*^3", "text.*"};

/* A code is matched whole: with typing errors allowed, SKU-0001 would find SKU-0002. */
static bson_t *match_code(const char *text)
{
    bson_t *query = BCON_NEW("query", BCON_UTF8(text), "boost", BCON_DOUBLE(10));

    array_append_texts(query, "fields", CODE_FIELDS, sizeof(CODE_FIELDS) / sizeof(*CODE_FIELDS));
    return query;
}

/* All words, in the forms of any language, each with a typing error or two after its second letter.
 */
static bson_t *match_words(const char *text)
{
    bson_t *query = BCON_NEW("query", BCON_UTF8(text), "operator", BCON_UTF8("and"), "fuzziness",
                             BCON_UTF8("AUTO"), "prefix_length", BCON_INT32(2));

    array_append_texts(query, "fields", WORD_FIELDS, sizeof(WORD_FIELDS) / sizeof(*WORD_FIELDS));
    return query;
}

/* Found only because a dictionary says so: without a score, and so below all that hold the words.
 */
static bson_t *match_synonyms(const struct text_list *keys)
{
    bson_t *query = BCON_NEW("boost", BCON_DOUBLE(0));

    array_append_texts(query, "synonym_keys", keys->items, keys->count);
    return query;
}

static bson_t *match(struct str text, const struct text_list *synonym_keys)
{
    AUTO(char) char *copy = mem_calloc(text.n + 1, 1);

    if (text.n == 0) {
        return BCON_NEW("match_all", "{", "}");
    }
    memcpy(copy, text.p, text.n);
    AUTO(document) bson_t *code = match_code(copy);
    AUTO(document) bson_t *words = match_words(copy);

    AUTO(document) bson_t *synonyms = match_synonyms(synonym_keys);

    return BCON_NEW("bool", "{", "should", "[", "{", "multi_match", BCON_DOCUMENT(code), "}", "{",
                    "multi_match", BCON_DOCUMENT(words), "}", "{", "terms", BCON_DOCUMENT(synonyms),
                    "}", "]", "}");
}

static bson_t *filters_new(const struct search_query *query)
{
    const struct {
        const char *field;
        const char *value;
    } terms[] = {
        {"status", query->status},
        {"channels", query->channel},
        {"promo_code", query->promo_code},
        {"promo_type", query->promo_type},
    };
    bson_t *filters = bson_new();

    /* JSON does not show the keys of an array, so they may repeat. */
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        if (terms[i].value) {
            BCON_APPEND(filters, "0", "{", "term", "{", terms[i].field, BCON_UTF8(terms[i].value),
                        "}", "}");
        }
    }
    if (query->promoted != SEARCH_ANY) {
        /* A product that never had a promotion has no such field. */
        BCON_APPEND(filters, "0", "{", "bool", "{",
                    query->promoted == SEARCH_ONLY ? "filter" : "must_not", "{", "term", "{",
                    "has_active_promo", BCON_BOOL(true), "}", "}", "}", "}");
    }
    return filters;
}

static bson_t *body_new(const struct search_query *query)
{
    AUTO(document) bson_t *filters = filters_new(query);
    AUTO(document) bson_t *must = match(query->text, &query->synonym_keys);
    bson_t *body = BCON_NEW("from", BCON_INT64(query->offset), "size", BCON_INT64(query->limit),
                            "_source", BCON_BOOL(false), "track_total_hits", BCON_BOOL(true));

    BCON_APPEND(body, "query", "{", "bool", "{", "must", BCON_DOCUMENT(must), "filter",
                BCON_ARRAY(filters), "}", "}");
    /* Equal scores need a second order, or pages would overlap. */
    BCON_APPEND(body, "sort", "[", BCON_UTF8("_score"), "{", "code", BCON_UTF8("asc"), "}", "]");
    return body;
}

static bool read_hits(struct arena *arena, const bson_t *answer, struct search_hits *out,
                      struct err *err)
{
    bson_iter_t start;
    bson_iter_t found;
    bson_iter_t hit;
    bson_iter_t id;

    if (!bson_iter_init(&start, answer) ||
        !bson_iter_find_descendant(&start, "hits.total.value", &found)) {
        return err_set(err, ERR_INTERNAL, "OpenSearch answers no total");
    }
    out->total = bson_iter_as_int64(&found);
    out->count = 0;
    bson_iter_init(&start, answer);
    if (!bson_iter_find_descendant(&start, "hits.hits", &found) ||
        !bson_iter_recurse(&found, &hit)) {
        return true;
    }
    while (bson_iter_next(&hit)) {
        if (bson_iter_recurse(&hit, &id) && bson_iter_find(&id, "_id")) {
            out->codes[out->count++] = arena_strdup(arena, bson_iter_utf8(&id, NULL));
        }
    }
    return true;
}

static bool check_query(const struct search_query *query, struct err *err)
{
    if ((uint64_t)query->offset + query->limit > SEARCH_MAX_WINDOW) {
        return err_set(err, ERR_INVALID, "only the first %d hits can be read", SEARCH_MAX_WINDOW);
    }
    if (query->text.n > SEARCH_MAX_TEXT) {
        return err_set(err, ERR_INVALID, "at most %d bytes of text can be searched for",
                       SEARCH_MAX_TEXT);
    }
    return true;
}

bool search_find(struct search *search, struct arena *arena, const struct search_query *query,
                 struct search_hits *out, struct err *err)
{
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf answer = {0};
    char index[SEARCH_INDEX_SIZE];
    char path[SEARCH_INDEX_SIZE + 96];
    const bson_t *document;

    if (!check_query(query, err) ||
        !search_index_name(search, query->entity, query->tenant, index, err)) {
        return false;
    }
    AUTO(document) bson_t *body = body_new(query);

    json_write(&text, body);
    snprintf(path, sizeof(path),
             "/%s/_search?ignore_unavailable=true&filter_path=hits.total.value,hits.hits._id",
             index);
    struct search_request request = {.method = "POST", .path = path, .body = {text.data, text.len}};
    out->codes = arena_calloc(arena, query->limit, sizeof(*out->codes));
    return search_http_send(search, &request, &answer, err) &&
           search_answer_parse(arena, &answer, &document, err) &&
           read_hits(arena, document, out, err);
}
