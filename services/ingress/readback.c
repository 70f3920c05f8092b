#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"

#include "base/clock.h"
#include "domain/answer.h"
#include "domain/array.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/packaging.h"
#include "domain/promotion.h"
#include "search/search.h"
#include "store/documents.h"
#include "store/synonyms.h"

#include <string.h>

enum {
    DEFAULT_VERSIONS = 100,
    MAX_VERSIONS = 1000,
    VERSIONS_STEP = 20,                /* read at one time */
    VERSIONS_BYTES = 32 * 1024 * 1024, /* a page of versions ends behind the one that passes this */
    DEFAULT_HITS = 20,
    MAX_HITS = 100,
};

static struct document_key key_of(const struct call *call, const struct entity *entity)
{
    return (struct document_key){entity->name, entity->history, call->who.tenant,
                                 params_path(call, 0)};
}

static void append_fields(bson_t *out, const bson_t *document, const struct entity *entity)
{
    if (entity == &entity_products) {
        answer_append_product(out, document);
    } else if (entity == &entity_synonym_dictionaries) {
        answer_append_dictionary(out, document);
    } else {
        answer_append_entity(out, document);
    }
}

static void add_item(struct array *array, const bson_t *document, const struct entity *entity)
{
    bson_t item;

    array_begin_document(array, &item);
    append_fields(&item, document, entity);
    array_end_document(array, &item);
}

static void reply_entity(struct call *call, const bson_t *document, const struct entity *entity)
{
    AUTO(bson) bson_t *out = bson_new();
    bson_t shown;

    bson_append_document_begin(out, entity->singular, -1, &shown);
    append_fields(&shown, document, entity);
    bson_append_document_end(out, &shown);
    reply_document(call->reply, 200, out);
}

/* As a storefront uses it: with what follows from prices and promotions at this moment. */
static void reply_current_product(struct call *call, const bson_t *product)
{
    AUTO(bson) bson_t *out = bson_new();
    bson_t shown;

    BSON_APPEND_DOCUMENT_BEGIN(out, "product", &shown);
    answer_append_product(&shown, promotion_spread(call->arena, product, clock_now_ms()));
    packaging_append_prices(call->arena, &shown, product);
    bson_append_document_end(out, &shown);
    reply_document(call->reply, 200, out);
}

/* ---- one document ---- */

static void show(struct call *call, const struct entity *entity, enum problem_id absent)
{
    AUTO(bson) bson_t *document = NULL;
    struct document_key key = key_of(call, entity);
    struct err err;

    if (!documents_get(call->session, &key, &document, &err)) {
        reply_error(call->reply, &err, absent);
    } else if (entity == &entity_products) {
        reply_current_product(call, document);
    } else {
        reply_entity(call, document, entity);
    }
}

void products_show_version(struct call *call)
{
    AUTO(bson) bson_t *document = NULL;
    struct document_key key = key_of(call, &entity_products);
    int64_t version;
    struct err err;

    if (!params_parse_number(params_path(call, 1), (struct params_range){1, INT64_MAX}, &version)) {
        reply_problem(call->reply, PROBLEM_version_not_found);
    } else if (documents_get_version(call->session, &key, version, &document, &err)) {
        reply_entity(call, document, &entity_products);
    } else {
        reply_error(call->reply, &err, PROBLEM_version_not_found);
    }
}

/* ---- versions ---- */

struct versions_page {
    struct documents_page from; /* limit: how many more are wanted */
    struct array *array;
    bool has_more;
};

static bool list_step(struct call *call, const struct entity *entity, struct versions_page *page,
                      struct err *err)
{
    AUTO(documents_list) struct documents_list list = {0};
    struct document_key key = key_of(call, entity);
    size_t wanted = page->from.limit < VERSIONS_STEP ? page->from.limit : VERSIONS_STEP;
    struct documents_page step = {page->from.before, wanted};

    if (!documents_list_versions(call->session, &key, &step, &list, err)) {
        return false;
    }
    for (size_t i = 0; i < list.count; i++) {
        add_item(page->array, list.items[i], entity);
        page->from.before = document_int64(list.items[i], "version", 1);
    }
    page->from.limit -= list.count;
    page->has_more = list.count == wanted && page->from.before > 1;
    return true;
}

static void list_versions(struct call *call, const struct entity *entity, enum problem_id absent)
{
    AUTO(bson) bson_t *out = bson_new();
    int64_t limit = DEFAULT_VERSIONS;
    struct versions_page page = {.has_more = true};
    struct request_fault fault;
    struct err err;
    struct array array;

    if (!params_number(call, "limit", (struct params_range){1, MAX_VERSIONS}, &limit, &fault) ||
        !params_number(call, "before", (struct params_range){2, INT64_MAX}, &page.from.before,
                       &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    page.from.limit = (size_t)limit;
    page.array = &array;
    array_begin(out, "versions", &array);
    bool ok = true;
    while (ok && page.has_more && page.from.limit > 0 && array.items.len < VERSIONS_BYTES) {
        ok = list_step(call, entity, &page, &err);
    }
    array_end(&array);
    if (!ok) {
        reply_error(call->reply, &err, absent);
        return;
    }
    if (page.has_more) {
        BSON_APPEND_INT64(out, "next_before", page.from.before);
    } else {
        BSON_APPEND_NULL(out, "next_before");
    }
    reply_document(call->reply, 200, out);
}

/* ---- per entity ---- */

#define DEFINE_READBACK(name, singular)                                                            \
    void name##_show(struct call *call)                                                            \
    {                                                                                              \
        show(call, &entity_##name, PROBLEM_##singular##_not_found);                                \
    }                                                                                              \
    void name##_list_versions(struct call *call)                                                   \
    {                                                                                              \
        list_versions(call, &entity_##name, PROBLEM_##singular##_not_found);                       \
    }
DEFINE_READBACK(products, product)
DEFINE_READBACK(customers, customer)
CATALOG(DEFINE_READBACK)

/* ---- search ---- */

static bool read_promoted(const struct call *call, enum search_choice *out,
                          struct request_fault *fault)
{
    static const char *const answers[] = {"true", "false", NULL};
    const char *answer;

    if (!params_word(call, "has_active_promo", answers, &answer, fault)) {
        return false;
    }
    *out = !answer ? SEARCH_ANY : strcmp(answer, "true") == 0 ? SEARCH_ONLY : SEARCH_WITHOUT;
    return true;
}

static bool read_search(struct call *call, struct search_query *out, struct request_fault *fault)
{
    static const char *const statuses[] = {"draft", "published", NULL};
    const char *text = params_text(call, "q");
    int64_t limit = DEFAULT_HITS;
    int64_t offset = 0;

    *out = (struct search_query){.entity = entity_products.name,
                                 .tenant = call->who.tenant,
                                 .text = text ? str_from(text) : STR(""),
                                 .channel = params_text(call, "channel"),
                                 .promo_code = params_text(call, "promo_code"),
                                 .promo_type = params_text(call, "promo_type")};
    if (!params_word(call, "status", statuses, &out->status, fault) ||
        !read_promoted(call, &out->promoted, fault) ||
        !params_number(call, "limit", (struct params_range){1, MAX_HITS}, &limit, fault) ||
        !params_number(call, "offset", (struct params_range){0, SEARCH_MAX_WINDOW - MAX_HITS},
                       &offset, fault)) {
        return false;
    }
    out->limit = (uint32_t)limit;
    out->offset = (uint32_t)offset;
    return true;
}

static bool add_synonyms(struct call *call, struct search_query *query, struct err *err)
{
    struct synonyms_query synonyms = {query->tenant, query->text};

    return synonyms_find_keys(call->session, call->arena, &synonyms, &query->synonym_keys, err);
}

static void reply_unsearchable(struct call *call, const struct err *err)
{
    if (err->kind == ERR_UNAVAILABLE) {
        reply_problem(call->reply, PROBLEM_search_unavailable);
    } else {
        reply_error(call->reply, err, PROBLEM_internal);
    }
}

void products_search(struct call *call)
{
    AUTO(documents_list) struct documents_list list = {0};
    AUTO(bson) bson_t *out = bson_new();
    struct search_query query;
    struct search_hits hits;
    struct request_fault fault;
    struct err err;
    struct array array;

    if (!read_search(call, &query, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    if (!add_synonyms(call, &query, &err)) {
        reply_error(call->reply, &err, PROBLEM_internal);
        return;
    }
    if (!search_find(call->app->search, call->arena, &query, &hits, &err)) {
        reply_unsearchable(call, &err);
        return;
    }
    struct documents_query documents = {entity_products.name, call->who.tenant, hits.codes,
                                        hits.count};
    if (!documents_find(call->session, &documents, &list, &err)) {
        reply_error(call->reply, &err, PROBLEM_internal);
        return;
    }
    array_begin(out, "products", &array);
    for (size_t i = 0; i < list.count; i++) {
        add_item(&array, list.items[i], &entity_products);
    }
    array_end(&array);
    BSON_APPEND_INT64(out, "total", hits.total);
    reply_document(call->reply, 200, out);
}
