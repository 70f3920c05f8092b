#include "support/test.h"

#include "base/mem.h"
#include "domain/document.h"
#include "message/message.h"
#include "search/projection.h"
#include "store/store.h"

#include <string.h>

static bson_t *from_json(const char *json)
{
    bson_error_t error;
    bson_t *document = bson_new_from_json((const uint8_t *)json, -1, &error);

    if (!document) {
        fail_msg("%s: %s", json, error.message);
    }
    return document;
}

static void assert_projects(const char *entity, const char *from, const char *to)
{
    AUTO(bson) bson_t *document = from_json(from);
    AUTO(bson) bson_t *expected = from_json(to);
    AUTO(bson) bson_t *projected = projection_new(entity, document);

    if (!document_equal(projected, expected, NULL)) {
        char *text = bson_as_relaxed_extended_json(projected, NULL);

        fail_msg("%s became %s instead of %s", from, text, to);
    }
}

static void a_product_is_searched_by_codes_names_brand_and_category(void **state)
{
    (void)state;
    assert_projects(
        "products",
        "{\"_id\": \"acme|SKU-1\", \"tenant\": \"acme\", \"entity_code\": \"SKU-1\", \"sku\": "
        "\"S1\","
        " \"version\": 3, \"status\": \"published\", \"ean\": [\"8001\", \"8002\"],"
        " \"name\": {\"it\": \"Valvola\", \"en\": \"Valve\"}, \"price\": 12.5,"
        " \"brand\": {\"brand_id\": \"b1\", \"label\": \"Acme\", \"hierarchy\": [{\"label\": "
        "\"x\"}]},"
        " \"category\": {\"category_id\": \"c1\", \"name\": {\"it\": \"Valvole\"}},"
        " \"tags\": [{\"tag_id\": \"t1\", \"slug\": \"best\", \"color\": \"#fff\"}, \"eco\"],"
        " \"synonym_keys\": [\"valves\", 7, \"taps\"],"
        " \"channels\": [\"default\", \"b2b\"], \"images\": [{\"url\": \"u\"}]}",
        "{\"code\": \"SKU-1\", \"sku\": \"S1\", \"version\": 3, \"status\": \"published\","
        " \"ean\": [\"8001\", \"8002\"], \"name\": {\"it\": [\"Valvola\"], \"en\": [\"Valve\"]},"
        " \"price\": 12.5, \"brand_id\": \"b1\", \"brand\": [\"Acme\"], \"category_id\": \"c1\","
        " \"category\": {\"it\": [\"Valvole\"]}, \"tags\": [\"t1\", \"best\", \"eco\"],"
        " \"synonym_keys\": [\"valves\", \"taps\"],"
        " \"channels\": [\"default\", \"b2b\"]}");
}

static void a_brand_and_a_category_may_be_only_their_id(void **state)
{
    (void)state;
    assert_projects("products",
                    "{\"entity_code\": \"a\", \"brand\": \"acme\", \"category\": \"c1\"}",
                    "{\"code\": \"a\", \"brand_id\": \"acme\", \"brand\": [\"acme\"],"
                    " \"category_id\": \"c1\"}");
}

static void a_text_in_an_unknown_language_or_in_none_is_still_searched(void **state)
{
    (void)state;
    assert_projects("products", "{\"entity_code\": \"a\", \"name\": \"Valve\"}",
                    "{\"code\": \"a\", \"name\": {\"other\": [\"Valve\"]}}");
    assert_projects("products",
                    "{\"entity_code\": \"a\", \"name\": {\"xx\": \"Abc\", \"it\": \"Def\"}}",
                    "{\"code\": \"a\", \"name\": {\"it\": [\"Def\"], \"other\": [\"Abc\"]}}");
}

static void values_of_a_wrong_type_are_left_out(void **state)
{
    (void)state;
    assert_projects(
        "products",
        "{\"entity_code\": \"a\", \"name\": 5, \"description\": {\"it\": {\"x\": 1}},"
        " \"price\": \"12,5\", \"ean\": {\"x\": \"y\"}, \"brand\": [1], \"status\": true,"
        " \"category\": {\"name\": [\"x\"]}, \"tags\": 7, \"channels\": [[\"x\"], null],"
        " \"sku\": \"\"}",
        "{\"code\": \"a\"}");
}

static void the_list_price_counts_when_there_is_no_price(void **state)
{
    (void)state;
    assert_projects("products",
                    "{\"entity_code\": \"a\", \"pricing\": {\"list\": 9.8, \"retail\": 12}}",
                    "{\"code\": \"a\", \"price\": 9.8}");
    assert_projects("products",
                    "{\"entity_code\": \"a\", \"price\": null, \"pricing\": {\"retail\": 12}}",
                    "{\"code\": \"a\", \"price\": 12.0}");
}

static void the_promo_fields_can_be_filtered_by(void **state)
{
    (void)state;
    assert_projects("products",
                    "{\"entity_code\": \"a\", \"promo_code\": [\"S\", \"B\"],"
                    " \"promo_type\": [\"STD\"], \"has_active_promo\": false}",
                    "{\"code\": \"a\", \"promo_code\": [\"S\", \"B\"],"
                    " \"promo_type\": [\"STD\"], \"has_active_promo\": false}");
    assert_projects("products",
                    "{\"entity_code\": \"a\", \"promo_code\": [], \"has_active_promo\": \"x\"}",
                    "{\"code\": \"a\"}");
}

static void a_company_is_searched_by_codes_names_and_cities(void **state)
{
    (void)state;
    assert_projects(
        "customers",
        "{\"external_code\": \"000123\", \"public_code\": \"C1\", \"version\": 1,"
        " \"company_name\": \"ACME S.R.L.\", \"first_name\": \"Anna\", \"last_name\": \"Bo\","
        " \"email\": \"Info@acme.it\", \"channel\": \"vinc-b2b\", \"tags\": [\"r:1\"],"
        " \"legal_info\": {\"vat_number\": \"IT01\", \"fiscal_code\": \"RSS\"},"
        " \"addresses\": [{\"city\": \"Napoli\", \"province\": \"NA\"}, {\"city\": \"Roma\"}, 5]}",
        "{\"code\": \"000123\", \"public_code\": \"C1\", \"version\": 1,"
        " \"company_name\": [\"ACME S.R.L.\"], \"person\": [\"Anna\", \"Bo\"],"
        " \"email\": \"Info@acme.it\", \"channels\": [\"vinc-b2b\"], \"tags\": [\"r:1\"],"
        " \"vat_number\": \"IT01\", \"fiscal_code\": \"RSS\", \"city\": [\"Napoli\", \"Roma\"],"
        " \"province\": [\"NA\"]}");
}

static void a_huge_description_is_cut_between_characters(void **state)
{
    enum { CHARACTERS = 500000 };
    AUTO(char) char *text = mem_alloc(2 * CHARACTERS + 1);
    AUTO(bson) bson_t *document = bson_new();
    bson_iter_t description;

    (void)state;
    for (size_t i = 0; i < CHARACTERS; i++) {
        memcpy(text + 2 * i, "\xC3\xA0", 2);
    }
    text[2 * CHARACTERS] = '\0';
    BCON_APPEND(document, "entity_code", BCON_UTF8("a"), "name", "{", "it", BCON_UTF8("x"), "}",
                "description", "{", "it", BCON_UTF8(text), "}");
    AUTO(bson) bson_t *projected = projection_new("products", document);

    assert_true(projected->len < 100000);
    assert_true(document_find(projected, "description.it.0", &description));
    assert_true(
        message_is_bson((struct str){(const char *)bson_get_data(projected), projected->len}));
    assert_true(strlen(bson_iter_utf8(&description, NULL)) % 2 == 0);
    assert_true(document_find(projected, "name.it.0", &description));
}

static void a_keyword_too_long_for_the_index_is_left_out(void **state)
{
    AUTO(char) char *text = mem_calloc(40001, 1);
    AUTO(bson) bson_t *document = bson_new();

    (void)state;
    memset(text, 'x', 40000);
    BCON_APPEND(document, "entity_code", BCON_UTF8("a"), "product_model", BCON_UTF8(text), "tags",
                "[", BCON_UTF8(text), BCON_UTF8("t"), "]");
    AUTO(bson) bson_t *projected = projection_new("products", document);

    assert_false(bson_has_field(projected, "product_model"));
    assert_string_equal(document_text(projected, "tags.0"), "t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_searched_by_codes_names_brand_and_category),
        cmocka_unit_test(a_brand_and_a_category_may_be_only_their_id),
        cmocka_unit_test(a_text_in_an_unknown_language_or_in_none_is_still_searched),
        cmocka_unit_test(values_of_a_wrong_type_are_left_out),
        cmocka_unit_test(the_list_price_counts_when_there_is_no_price),
        cmocka_unit_test(the_promo_fields_can_be_filtered_by),
        cmocka_unit_test(a_company_is_searched_by_codes_names_and_cities),
        cmocka_unit_test(a_huge_description_is_cut_between_characters),
        cmocka_unit_test(a_keyword_too_long_for_the_index_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
