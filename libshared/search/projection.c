#include "search/projection.h"

#include "domain/document.h"
#include "search/languages.h"

#include <math.h>
#include <string.h>

enum {
    TEXT_BUDGET = 64 * 1024, /* bytes of text in one document; what goes beyond is not searchable */
    KEYWORD_MAX = 512,
};

struct projection {
    const bson_t *from;
    bson_t *to;
    size_t budget;
};

/* The value's text; NULL when it is none or empty. */
static const char *text_of(const bson_iter_t *value, size_t *n)
{
    uint32_t length;

    if (!BSON_ITER_HOLDS_UTF8(value)) {
        return NULL;
    }
    const char *text = bson_iter_utf8(value, &length);

    *n = length;
    return length > 0 ? text : NULL;
}

/* ---- lists under construction ---- */

struct list {
    bson_t *parent;
    const char *name;
    bson_t *items; /* made when the first item comes */
    uint32_t count;
};

static void list_add(struct list *list, const char *text, size_t n)
{
    char buffer[16];
    const char *key;

    if (!list->items) {
        list->items = bson_new();
    }
    bson_uint32_to_string(list->count++, &key, buffer, sizeof(buffer));
    bson_append_utf8(list->items, key, -1, text, (int)n);
}

static void list_end(struct list *list)
{
    if (list->items) {
        BSON_APPEND_ARRAY(list->parent, list->name, list->items);
        bson_destroy(list->items);
    }
}

/* ---- keywords ---- */

static void list_add_keyword(struct list *list, const bson_iter_t *value)
{
    size_t n;
    const char *text = text_of(value, &n);

    if (text && n <= KEYWORD_MAX) {
        list_add(list, text, n);
    }
}

/* A tag is a text, or an object that has its id and slug. */
static void list_add_tag(struct list *list, const bson_iter_t *value)
{
    static const char *const fields[] = {"tag_id", "slug"};
    bson_iter_t field;

    list_add_keyword(list, value);
    for (size_t i = 0; i < 2; i++) {
        if (BSON_ITER_HOLDS_DOCUMENT(value) && bson_iter_recurse(value, &field) &&
            bson_iter_find(&field, fields[i])) {
            list_add_keyword(list, &field);
        }
    }
}

static void add_list(struct projection *p, const char *path, const char *name,
                     void (*add)(struct list *list, const bson_iter_t *value))
{
    struct list list = {.parent = p->to, .name = name};
    bson_iter_t value;
    bson_iter_t item;

    if (!document_find(p->from, path, &value)) {
        return;
    }
    if (BSON_ITER_HOLDS_ARRAY(&value) && bson_iter_recurse(&value, &item)) {
        while (bson_iter_next(&item)) {
            add(&list, &item);
        }
    } else {
        add(&list, &value);
    }
    list_end(&list);
}

static void add_keyword(struct projection *p, const char *path, const char *name)
{
    bson_iter_t value;
    size_t n;

    if (document_find(p->from, path, &value)) {
        const char *text = text_of(&value, &n);

        if (text && n <= KEYWORD_MAX) {
            bson_append_utf8(p->to, name, -1, text, (int)n);
        }
    }
}

static bool has(const struct projection *p, const char *name)
{
    return bson_has_field(p->to, name);
}

/* ---- texts ---- */

/* At most what is left of the budget, cut between characters. */
static size_t spend(struct projection *p, const char *text, size_t n)
{
    if (n > p->budget) {
        n = p->budget;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    p->budget -= n;
    return n;
}

static void list_add_text(struct projection *p, struct list *list, const bson_iter_t *value)
{
    size_t n;
    const char *text = text_of(value, &n);

    if (text && (n = spend(p, text, n)) > 0) {
        list_add(list, text, n);
    }
}

static void add_text(struct projection *p, const char *path, const char *name)
{
    struct list list = {.parent = p->to, .name = name};
    bson_iter_t value;

    if (document_find(p->from, path, &value)) {
        list_add_text(p, &list, &value);
    }
    list_end(&list);
}

static bool is_own_language(const char *key)
{
    for (size_t i = 0; i + 1 < SEARCH_LANGUAGES; i++) {
        if (strcmp(search_languages[i].field, key) == 0) {
            return true;
        }
    }
    return false;
}

/* {"it": …, "xx": …} becomes {"it": …, "other": […]}; a bare text belongs to "other". */
static void add_multilingual(struct projection *p, const char *path, const char *name)
{
    bson_t texts = BSON_INITIALIZER;
    struct list other = {.parent = &texts, .name = search_languages[SEARCH_LANGUAGES - 1].field};
    bson_iter_t value;
    bson_iter_t item;

    if (document_find(p->from, path, &value)) {
        list_add_text(p, &other, &value);
        if (BSON_ITER_HOLDS_DOCUMENT(&value) && bson_iter_recurse(&value, &item)) {
            while (bson_iter_next(&item)) {
                struct list own = {.parent = &texts, .name = bson_iter_key(&item)};
                bool is_own = is_own_language(own.name);

                list_add_text(p, is_own ? &own : &other, &item);
                list_end(&own);
            }
        }
    }
    list_end(&other);
    if (!bson_empty(&texts)) {
        BSON_APPEND_DOCUMENT(p->to, name, &texts);
    }
    bson_destroy(&texts);
}

/* ---- entities ---- */

static void add_price(struct projection *p)
{
    static const char *const paths[] = {"price", "pricing.list", "pricing.retail"};
    bson_iter_t value;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (document_find(p->from, paths[i], &value) && BSON_ITER_HOLDS_NUMBER(&value) &&
            isfinite(bson_iter_as_double(&value))) {
            BSON_APPEND_DOUBLE(p->to, "price", bson_iter_as_double(&value));
            return;
        }
    }
}

static void add_flag(struct projection *p, const char *name)
{
    bson_iter_t value;

    if (document_find(p->from, name, &value) && BSON_ITER_HOLDS_BOOL(&value)) {
        bson_append_bool(p->to, name, -1, bson_iter_bool(&value));
    }
}

/* A brand or category may be its whole snapshot or only its id. */
static void add_reference(struct projection *p, const char *id_path, const char *bare_path,
                          const char *name)
{
    add_keyword(p, id_path, name);
    if (!has(p, name)) {
        add_keyword(p, bare_path, name);
    }
}

static void add_product(struct projection *p)
{
    static const char *const keywords[] = {
        "sku",    "product_model", "parent_entity_code", "parent_sku",
        "status", "stock_status",  "product_kind",
    };

    add_keyword(p, "entity_code", "code");
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        add_keyword(p, keywords[i], keywords[i]);
    }
    add_list(p, "ean", "ean", list_add_keyword);
    add_list(p, "channels", "channels", list_add_keyword);
    add_list(p, "tags", "tags", list_add_tag);
    add_list(p, "promo_code", "promo_code", list_add_keyword);
    add_list(p, "promo_type", "promo_type", list_add_keyword);
    add_flag(p, "has_active_promo");
    add_list(p, "synonym_keys", "synonym_keys", list_add_keyword);
    add_price(p);
    add_multilingual(p, "name", "name");
    add_reference(p, "brand.brand_id", "brand", "brand_id");
    add_text(p, "brand.label", "brand");
    if (!has(p, "brand")) {
        add_text(p, "brand", "brand");
    }
    add_reference(p, "category.category_id", "category", "category_id");
    add_multilingual(p, "category.name", "category");
    add_multilingual(p, "short_description", "short_description");
    add_multilingual(p, "description", "description");
}

static void add_addresses(struct projection *p)
{
    struct list cities = {.parent = p->to, .name = "city"};
    struct list provinces = {.parent = p->to, .name = "province"};
    bson_iter_t addresses;
    bson_iter_t address;
    bson_iter_t field;

    if (document_find(p->from, "addresses", &addresses) && BSON_ITER_HOLDS_ARRAY(&addresses) &&
        bson_iter_recurse(&addresses, &address)) {
        while (bson_iter_next(&address)) {
            bool is_object = BSON_ITER_HOLDS_DOCUMENT(&address);

            if (is_object && bson_iter_recurse(&address, &field) &&
                bson_iter_find(&field, "city")) {
                list_add_text(p, &cities, &field);
            }
            if (is_object && bson_iter_recurse(&address, &field) &&
                bson_iter_find(&field, "province")) {
                list_add_keyword(&provinces, &field);
            }
        }
    }
    list_end(&cities);
    list_end(&provinces);
}

static void add_person(struct projection *p)
{
    struct list person = {.parent = p->to, .name = "person"};
    bson_iter_t value;

    if (document_find(p->from, "first_name", &value)) {
        list_add_text(p, &person, &value);
    }
    if (document_find(p->from, "last_name", &value)) {
        list_add_text(p, &person, &value);
    }
    list_end(&person);
}

static void add_customer(struct projection *p)
{
    static const char *const keywords[] = {"public_code", "customer_type", "email", "phone"};

    add_keyword(p, "external_code", "code");
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        add_keyword(p, keywords[i], keywords[i]);
    }
    add_keyword(p, "legal_info.vat_number", "vat_number");
    add_keyword(p, "legal_info.fiscal_code", "fiscal_code");
    add_list(p, "channel", "channels", list_add_keyword);
    add_list(p, "tags", "tags", list_add_tag);
    add_text(p, "company_name", "company_name");
    add_person(p);
    add_addresses(p);
}

bson_t *projection_new(const char *entity, const bson_t *document)
{
    struct projection p = {.from = document, .to = bson_new(), .budget = TEXT_BUDGET};
    bson_iter_t version;

    if (document_find(document, "version", &version) && BSON_ITER_HOLDS_INT(&version)) {
        BSON_APPEND_INT64(p.to, "version", bson_iter_as_int64(&version));
    }
    if (strcmp(entity, "customers") == 0) {
        add_customer(&p);
    } else {
        add_product(&p);
    }
    return p.to;
}
