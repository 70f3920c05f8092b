#include "search/search_internal.h"

#include "domain/array.h"
#include "search/languages.h"

#include "json/json.h"

#include <stdio.h>

static const char *const KEYWORDS[] = {
    "code",         "sku",        "ean",          "product_model", "parent_entity_code",
    "parent_sku",   "status",     "channels",     "tags",          "stock_status",
    "product_kind", "brand_id",   "category_id",  "public_code",   "customer_type",
    "email",        "phone",      "vat_number",   "fiscal_code",   "province",
    "promo_code",   "promo_type", "synonym_keys",
};

/* One value in no particular language. */
static const char *const TEXTS[] = {"brand", "company_name", "person", "city"};

/* An object with one text per language. */
static const char *const MULTILINGUAL[] = {"name", "category", "short_description", "description"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add_keyword(bson_t *properties, const char *name)
{
    AUTO(document)
    bson_t *field = BCON_NEW("type", BCON_UTF8("keyword"), "normalizer", BCON_UTF8("lowercase"),
                             "ignore_above", BCON_INT32(512));

    BSON_APPEND_DOCUMENT(properties, name, field);
}

/* A text that stands in the catch-all of every language, so that "valvola acme" finds name and
 * brand together. */
static void add_text(bson_t *properties, const char *name)
{
    AUTO(document) bson_t *field = BCON_NEW("type", BCON_UTF8("text"));
    struct array copies;

    array_begin(field, "copy_to", &copies);
    for (uint32_t i = 0; i < SEARCH_LANGUAGES; i++) {
        char target[32];

        snprintf(target, sizeof(target), "text.%s", search_languages[i].field);
        array_add_text(&copies, str_from(target));
    }
    array_end(&copies);
    BSON_APPEND_DOCUMENT(properties, name, field);
}

static void add_multilingual(bson_t *properties, const char *name, bool is_catch_all)
{
    bson_t object;
    bson_t fields;

    BSON_APPEND_DOCUMENT_BEGIN(properties, name, &object);
    BSON_APPEND_DOCUMENT_BEGIN(&object, "properties", &fields);
    for (size_t i = 0; i < SEARCH_LANGUAGES; i++) {
        const struct search_language *language = &search_languages[i];
        AUTO(document)
        bson_t *field =
            BCON_NEW("type", BCON_UTF8("text"), "analyzer", BCON_UTF8(language->analyzer));
        char target[32];

        if (!is_catch_all) {
            snprintf(target, sizeof(target), "text.%s", language->field);
            BSON_APPEND_UTF8(field, "copy_to", target);
        }
        BSON_APPEND_DOCUMENT(&fields, language->field, field);
    }
    bson_append_document_end(&object, &fields);
    bson_append_document_end(properties, &object);
}

static bson_t *build_properties(void)
{
    bson_t *properties = BCON_NEW("version", "{", "type", BCON_UTF8("long"), "}", "price", "{",
                                  "type", BCON_UTF8("double"), "}", "has_active_promo", "{", "type",
                                  BCON_UTF8("boolean"), "}");

    for (size_t i = 0; i < COUNT(KEYWORDS); i++) {
        add_keyword(properties, KEYWORDS[i]);
    }
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        add_text(properties, TEXTS[i]);
    }
    for (size_t i = 0; i < COUNT(MULTILINGUAL); i++) {
        add_multilingual(properties, MULTILINGUAL[i], false);
    }
    add_multilingual(properties, "text", true);
    return properties;
}

static bson_t *build_template(const struct search *search)
{
    AUTO(document) bson_t *properties = build_properties();
    AUTO(document)
    bson_t *mappings =
        BCON_NEW("dynamic", BCON_BOOL(false), "properties", BCON_DOCUMENT(properties));
    AUTO(document)
    bson_t *settings = BCON_NEW("number_of_shards", BCON_INT32(1), "auto_expand_replicas",
                                BCON_UTF8("0-1"), "refresh_interval", BCON_UTF8("1s"));
    char pattern[SEARCH_INDEX_SIZE];

    snprintf(pattern, sizeof(pattern), "%s-*", search->prefix);
    return BCON_NEW("index_patterns", "[", BCON_UTF8(pattern), "]", "priority", BCON_INT32(100),
                    "template", "{", "settings", BCON_DOCUMENT(settings), "mappings",
                    BCON_DOCUMENT(mappings), "}");
}

bool search_put_template(struct search *search, struct err *err)
{
    AUTO(document) bson_t *template = build_template(search);
    AUTO(buf) struct buf body = {0};
    AUTO(buf) struct buf answer = {0};
    char path[SEARCH_INDEX_SIZE];

    json_write(&body, template);
    snprintf(path, sizeof(path), "/_index_template/%s", search->prefix);
    struct search_request request = {.method = "PUT", .path = path, .body = {body.data, body.len}};

    return search_http_send(search, &request, &answer, err) ||
           err_context(err, "putting the index template");
}
