#include "support/search_fixture.h"
#include "support/test.h"

#include "config/config.h"
#include "search/projection.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct search *search;

static int open_search(void **state)
{
    static char prefix[32];
    struct config config = {.search_url = (char *)test_env("SEARCH_URL", "http://127.0.0.1:9201"),
                            .search_index_prefix = prefix};
    struct err err;

    (void)state;
    snprintf(prefix, sizeof(prefix), "%s", test_unique());
    assert_ok(search_open(&config, &search, &err), &err);
    assert_ok(search_put_template(search, &err), &err);
    return 0;
}

static int close_search(void **state)
{
    (void)state;
    search_fixture_sweep(search);
    search_close(search);
    return 0;
}

static bson_t *product(const char *code, const char *name_it, const char *status)
{
    AUTO(bson)
    bson_t *document = BCON_NEW("entity_code", BCON_UTF8(code), "sku", BCON_UTF8(code), "status",
                                BCON_UTF8(status), "channels", "[", BCON_UTF8("b2b"), "]", "brand",
                                BCON_UTF8("Acme"), "name", "{", "it", BCON_UTF8(name_it), "}");

    return projection_new("products", document);
}

/* Indexes one document as it is and gives back what became of it. */
static struct search_result index_one(const char *tenant, const char *code, int64_t version,
                                      const bson_t *body)
{
    struct search_document document = {"products", tenant, code, version, body};
    struct search_result result;
    struct err err;

    assert_ok(search_bulk_index(search, &document, 1, &result, &err), &err);
    return result;
}

static void index_product(const char *tenant, const char *code, int64_t version,
                          const char *name_it)
{
    AUTO(bson) bson_t *body = product(code, name_it, "published");

    assert_int_equal(index_one(tenant, code, version, body).outcome, SEARCH_STORED);
}

static void find(struct arena *arena, const struct search_query *query, struct search_hits *hits)
{
    struct err err;

    search_fixture_refresh(search, query->entity, query->tenant);
    assert_ok(search_find(search, arena, query, hits, &err), &err);
}

/* The only hit of a text; "" when there is none. */
static const char *find_one(struct arena *arena, const char *tenant, const char *text)
{
    struct search_query query = {
        .entity = "products", .tenant = tenant, .text = str_from(text), .limit = 10};
    struct search_hits hits;

    find(arena, &query, &hits);
    assert_true(hits.total <= 1);
    assert_int_equal(hits.count, hits.total);
    return hits.count ? hits.codes[0] : "";
}

static void a_server_that_runs_answers_the_ping(void **state)
{
    struct err err;

    (void)state;
    assert_ok(search_ping(search, &err), &err);
}

static void a_server_that_is_down_is_unavailable(void **state)
{
    static char url[] = "http://127.0.0.1:1";
    static char prefix[] = "none";
    struct config config = {.search_url = url, .search_index_prefix = prefix};
    AUTO(search) struct search *nowhere = NULL;
    struct err err;

    (void)state;
    assert_ok(search_open(&config, &nowhere, &err), &err);
    assert_false(search_ping(nowhere, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void the_template_can_be_put_again(void **state)
{
    struct err err;

    (void)state;
    assert_ok(search_put_template(search, &err), &err);
}

static void a_thousand_documents_are_indexed_in_one_call(void **state)
{
    enum { COUNT = 1000 };
    static struct search_document documents[COUNT];
    static struct search_result results[COUNT];
    static char codes[COUNT][16];
    struct err err;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(codes[i], sizeof(codes[i]), "T-%04d", i);
        documents[i] = (struct search_document){"products", "thousand", codes[i], 1,
                                                product(codes[i], "Gomito in rame", "draft")};
    }
    assert_ok(search_bulk_index(search, documents, COUNT, results, &err), &err);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(results[i].outcome, SEARCH_STORED);
        bson_destroy((bson_t *)documents[i].body);
    }
    assert_int_equal(search_fixture_count(search, "products", "thousand"), COUNT);
}

static void an_older_version_never_overwrites_a_newer_one(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    index_product("versions", "V-1", 2, "Nuovo");
    index_product("versions", "V-1", 1, "Vecchio");
    assert_string_equal(find_one(arena, "versions", "nuovo"), "V-1");
    assert_string_equal(find_one(arena, "versions", "vecchio"), "");
}

static void the_same_version_may_be_indexed_again(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    index_product("again", "V-1", 7, "Raccordo");
    index_product("again", "V-1", 7, "Raccordo");
    assert_string_equal(find_one(arena, "again", "raccordo"), "V-1");
}

static void a_document_that_breaks_the_mapping_hurts_only_itself(void **state)
{
    AUTO(bson) bson_t *good = product("G", "Buono", "draft");
    AUTO(bson) bson_t *text_as_name = BCON_NEW("name", BCON_UTF8("no object"));
    AUTO(bson) bson_t *text_as_price = BCON_NEW("price", BCON_UTF8("twelve"));
    struct search_document documents[] = {
        {"products", "mapping", "G1", 1, good},
        {"products", "mapping", "B1", 1, text_as_name},
        {"products", "mapping", "B2", 1, text_as_price},
        {"products", "mapping", "G2", 1, good},
    };
    struct search_result results[4];
    struct err err;

    (void)state;
    assert_ok(search_bulk_index(search, documents, 4, results, &err), &err);
    assert_int_equal(results[0].outcome, SEARCH_STORED);
    assert_int_equal(results[1].outcome, SEARCH_REFUSED);
    assert_int_equal(results[2].outcome, SEARCH_REFUSED);
    assert_int_equal(results[3].outcome, SEARCH_STORED);
    assert_non_null(strstr(results[1].reason, "name"));
    assert_non_null(strstr(results[2].reason, "price"));
}

static void a_product_is_found_by_another_form_of_an_italian_word(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    index_product("italian", "I-1", 1, "Valvola a sfera in ottone");
    index_product("italian", "I-2", 1, "Gomito di rame");
    assert_string_equal(find_one(arena, "italian", "valvole"), "I-1");
    assert_string_equal(find_one(arena, "italian", "dell'ottone"), "I-1");
}

static void a_product_is_found_in_spite_of_a_typing_error(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    index_product("typo", "T-1", 1, "Rubinetto da giardino");
    assert_string_equal(find_one(arena, "typo", "rubineto"), "T-1");
    assert_string_equal(find_one(arena, "typo", "lavandino"), "");
}

static void words_of_the_name_and_the_brand_are_found_together(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    index_product("together", "B-1", 1, "Sifone cromato");
    assert_string_equal(find_one(arena, "together", "sifone acme"), "B-1");
    assert_string_equal(find_one(arena, "together", "sifone altro"), "");
}

static void a_code_finds_exactly_its_product_in_any_letter_case(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    index_product("codes", "SKU-0001", 1, "Primo");
    index_product("codes", "SKU-0002", 1, "Secondo");
    assert_string_equal(find_one(arena, "codes", "sku-0002"), "SKU-0002");
}

static void no_query_meets_another_tenants_documents(void **state)
{
    static const char *const tenants[] = {"left,right", "*", "left*",  "_all",
                                          "Left",       "",  "../left"};
    AUTO(arena) struct arena *arena = arena_new();
    struct search_hits hits;
    struct err err;

    (void)state;
    index_product("left", "L-1", 1, "Segreto");
    index_product("right", "R-1", 1, "Pubblico");
    assert_string_equal(find_one(arena, "right", "segreto"), "");
    assert_string_equal(find_one(arena, "right", ""), "R-1");
    for (size_t i = 0; i < sizeof(tenants) / sizeof(tenants[0]); i++) {
        struct search_query query = {.entity = "products", .tenant = tenants[i], .limit = 10};
        bool ok = search_find(search, arena, &query, &hits, &err);

        assert_true(ok ? hits.total == 0 : err.kind == ERR_INVALID);
    }
}

static void hits_come_in_pages_that_do_not_overlap(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    char seen[20] = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        char code[8];

        snprintf(code, sizeof(code), "P-%02d", i);
        index_product("pages", code, 1, "Guarnizione");
    }
    for (uint32_t offset = 0; offset < 20; offset += 8) {
        struct search_query query = {.entity = "products",
                                     .tenant = "pages",
                                     .text = STR("guarnizioni"),
                                     .limit = 8,
                                     .offset = offset};
        struct search_hits hits;

        find(arena, &query, &hits);
        assert_int_equal(hits.total, 20);
        for (size_t i = 0; i < hits.count; i++) {
            seen[strtol(hits.codes[i] + 2, NULL, 10)]++;
        }
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(seen[i], 1);
    }
}

static void a_query_can_be_narrowed_to_a_status_and_a_channel(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *draft = product("D", "Filtro", "draft");
    struct search_query query = {.entity = "products", .tenant = "narrow", .limit = 10};
    struct search_hits hits;

    (void)state;
    index_product("narrow", "P", 1, "Filtro");
    index_one("narrow", "D", 1, draft);
    query.status = "draft";
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 1);
    assert_string_equal(hits.codes[0], "D");
    query.channel = "b2b";
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 1);
    query.channel = "elsewhere";
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 0);
}

static void a_query_can_be_narrowed_to_promotions(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson) bson_t *promoted = product("A", "Filtro", "draft");
    AUTO(bson) bson_t *ended = product("E", "Filtro", "draft");
    struct search_query query = {.entity = "products", .tenant = "promo", .limit = 10};
    struct search_hits hits;

    (void)state;
    BCON_APPEND(promoted, "promo_code", "[", BCON_UTF8("SPRING"), BCON_UTF8("BOX"), "]",
                "promo_type", "[", BCON_UTF8("STD"), "]", "has_active_promo", BCON_BOOL(true));
    BCON_APPEND(ended, "has_active_promo", BCON_BOOL(false));
    index_one("promo", "A", 1, promoted);
    index_one("promo", "E", 1, ended);
    index_product("promo", "N", 1, "Filtro");
    query.promoted = SEARCH_ONLY;
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 1);
    assert_string_equal(hits.codes[0], "A");
    query.promo_code = "BOX";
    query.promo_type = "STD";
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 1);
    query.promo_code = "OTHER";
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 0);
    query = (struct search_query){
        .entity = "products", .tenant = "promo", .limit = 10, .promoted = SEARCH_WITHOUT};
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 2);
}

static void a_tenant_without_an_index_has_no_hits(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct search_query query = {
        .entity = "products", .tenant = "nobody", .text = STR("x"), .limit = 10};
    struct search_hits hits;
    struct err err;

    (void)state;
    assert_ok(search_find(search, arena, &query, &hits, &err), &err);
    assert_int_equal(hits.total, 0);
}

static void a_query_beyond_its_limits_is_refused(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    char text[SEARCH_MAX_TEXT + 1];
    struct search_query deep = {
        .entity = "products", .tenant = "x", .limit = 10, .offset = UINT32_MAX};
    struct search_query wordy = {
        .entity = "products", .tenant = "x", .text = {text, sizeof(text)}, .limit = 10};
    struct search_hits hits;
    struct err err;

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_false(search_find(search, arena, &deep, &hits, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(search_find(search, arena, &wordy, &hits, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void index_with_synonyms(const char *tenant, const char *code, const char *name_it,
                                const char *key)
{
    AUTO(bson)
    bson_t *document = BCON_NEW("entity_code", BCON_UTF8(code), "name", "{", "it",
                                BCON_UTF8(name_it), "}", "synonym_keys", "[", BCON_UTF8(key), "]");
    AUTO(bson) bson_t *body = projection_new("products", document);

    assert_int_equal(index_one(tenant, code, 1, body).outcome, SEARCH_STORED);
}

static void a_product_of_a_synonym_key_is_found_below_those_that_hold_the_words(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *keys[] = {"Plumbing_valve_core", "none"};
    struct search_query query = {.entity = "products",
                                 .tenant = "synonyms",
                                 .text = STR("saracinesca"),
                                 .synonym_keys = {keys, 2},
                                 .limit = 10};
    struct search_hits hits;

    (void)state;
    index_with_synonyms("synonyms", "A", "Valvola", "plumbing_valve_core");
    index_with_synonyms("synonyms", "B", "Tubo", "pipes");
    index_with_synonyms("synonyms", "C", "Una lunga descrizione con una saracinesca in fondo", "x");
    index_with_synonyms("synonyms", "D", "Saracinesca", "plumbing_valve_core");
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 3);
    assert_string_equal(hits.codes[0], "D");
    assert_string_equal(hits.codes[1], "C");
    assert_string_equal(hits.codes[2], "A");
}

static void synonyms_do_not_widen_a_query_beyond_its_filters(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *keys[] = {"k"};
    struct search_query query = {.entity = "products",
                                 .tenant = "synonyms-narrow",
                                 .text = STR("saracinesca"),
                                 .synonym_keys = {keys, 1},
                                 .status = "published",
                                 .limit = 10};
    struct search_hits hits;

    (void)state;
    index_with_synonyms("synonyms-narrow", "A", "Valvola", "k");
    find(arena, &query, &hits);
    assert_int_equal(hits.total, 0);
}

static void a_text_full_of_query_syntax_is_only_words(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    index_product("syntax", "S-1", 1, "Tubo");
    assert_string_equal(find_one(arena, "syntax", "\"}],{*:* OR name.*:(\\ tubo~ /x/ [1 TO"), "");
    assert_string_equal(find_one(arena, "syntax", "*"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_runs_answers_the_ping),
        cmocka_unit_test(a_server_that_is_down_is_unavailable),
        cmocka_unit_test(the_template_can_be_put_again),
        cmocka_unit_test(a_thousand_documents_are_indexed_in_one_call),
        cmocka_unit_test(an_older_version_never_overwrites_a_newer_one),
        cmocka_unit_test(the_same_version_may_be_indexed_again),
        cmocka_unit_test(a_document_that_breaks_the_mapping_hurts_only_itself),
        cmocka_unit_test(a_product_is_found_by_another_form_of_an_italian_word),
        cmocka_unit_test(a_product_is_found_in_spite_of_a_typing_error),
        cmocka_unit_test(words_of_the_name_and_the_brand_are_found_together),
        cmocka_unit_test(a_code_finds_exactly_its_product_in_any_letter_case),
        cmocka_unit_test(no_query_meets_another_tenants_documents),
        cmocka_unit_test(hits_come_in_pages_that_do_not_overlap),
        cmocka_unit_test(a_query_can_be_narrowed_to_a_status_and_a_channel),
        cmocka_unit_test(a_query_can_be_narrowed_to_promotions),
        cmocka_unit_test(a_tenant_without_an_index_has_no_hits),
        cmocka_unit_test(a_query_beyond_its_limits_is_refused),
        cmocka_unit_test(a_product_of_a_synonym_key_is_found_below_those_that_hold_the_words),
        cmocka_unit_test(synonyms_do_not_widen_a_query_beyond_its_filters),
        cmocka_unit_test(a_text_full_of_query_syntax_is_only_words),
    };

    return cmocka_run_group_tests(tests, open_search, close_search);
}
