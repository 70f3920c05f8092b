#include "domain/answer.h"
#include "domain/catalog_fields.h"
#include "domain/document.h"
#include "domain/field.h"
#include "support/rows.h"
#include "support/test.h"

#include <string.h>

static int open_brand(void **state)
{
    return row_fixture_open(state, &entity_brands);
}

static int open_category(void **state)
{
    return row_fixture_open(state, &entity_categories);
}

static int open_dictionary(void **state)
{
    return row_fixture_open(state, &entity_synonym_dictionaries);
}

static struct row_bench *bench_of(void **state)
{
    return &((struct row_fixture *)*state)->bench;
}

static void a_brand_is_stored_as_products_embed_it_its_id_first(void **state)
{
    struct row_bench *bench = bench_of(state);

    assert_int_equal(row_apply(bench, "{'label':'Acme','slug':'acme','is_active':true,'note':'n',"
                                      "'status':'new','brand_id':'brand_acme'}"),
                     ROW_CREATED);
    assert_int_equal(bench->outcome.version, 1);
    assert_string_equal(document_text(bench->current, "_id"), "acme|brand_acme");
    assert_string_equal(document_text(bench->current, "status"), "new");
    assert_string_equal(
        test_json(bench->arena,
                  entity_content(bench->arena, bench->current, entity_brands.is_system), NULL),
        "{'brand_id':'brand_acme','label':'Acme','slug':'acme','is_active':true,"
        "'note':'n','status':'new'}");
    assert_int_equal(bench->unknown.count, 2);
}

static void replace_drops_what_is_not_sent_again_and_partial_keeps_it(void **state)
{
    struct row_bench *bench = bench_of(state);

    row_apply(bench, "{'brand_id':'b','label':'Acme','level':0}");
    bench->request_json = "{'merge_mode':'partial'}";
    assert_int_equal(row_apply(bench, "{'brand_id':'b','level':1}"), ROW_UPDATED);
    assert_int_equal(bench->outcome.version, 2);
    assert_string_equal(row_content(bench), "{'brand_id':'b','label':'Acme','level':1}");
    bench->request_json = NULL;
    row_apply(bench, "{'brand_id':'b','level':2}");
    assert_int_equal(bench->outcome.version, 3);
    assert_string_equal(row_content(bench), "{'brand_id':'b','level':2}");
}

static void all_that_is_wrong_with_a_brand_is_reported_with_its_path(void **state)
{
    struct row_bench *bench = bench_of(state);

    assert_int_equal(
        row_apply(bench, "{'brand_id':'b','level':'x','path':['a',1],'is_active':'yes'}"),
        ROW_REFUSED);
    assert_true(row_found(bench, "wrong_type", "/level"));
    assert_true(row_found(bench, "wrong_type", "/path/1"));
    assert_true(row_found(bench, "wrong_type", "/is_active"));
    assert_null(bench->current);
    row_apply(bench, "{'brand_id':''}");
    assert_true(row_found(bench, "code_invalid", "/brand_id"));
    row_apply(bench, "{'label':'x'}");
    assert_true(row_found(bench, "code_invalid", "/brand_id"));
}

static void a_category_keeps_its_texts_by_language(void **state)
{
    struct row_bench *bench = bench_of(state);

    row_apply(bench, "{'category_id':'c','name':'Valvole','slug':{'en':'valves'},"
                     "'details':{'sv':'Ventiler'}}");
    assert_string_equal(row_content(bench),
                        "{'category_id':'c','name':{'it':'Valvole'},'slug':{'en':'valves'},"
                        "'details':{'sv':'Ventiler'}}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'category_id':'c','name':{'en':'Valves'},'slug':'valvole'}");
    assert_string_equal(row_content(bench),
                        "{'category_id':'c','name':{'it':'Valvole','en':'Valves'},"
                        "'slug':{'en':'valves','it':'valvole'},'details':{'sv':'Ventiler'}}");
}

static void a_text_in_a_products_snapshot_of_a_category_stays_as_it_came(void **state)
{
    struct row_bench bench;

    row_bench_init(&bench, bench_of(state)->arena, &entity_products);
    row_apply(&bench, "{'entity_code':'P','category':{'category_id':'c','name':'Valvole'}}");
    assert_string_equal(document_text(bench.current, "category.name"), "Valvole");
}

static void a_dictionary_without_a_key_is_found_under_its_id(void **state)
{
    struct row_bench *bench = bench_of(state);

    row_apply(bench,
              "{'synonym_dictionary_id':'d','language':'it','terms':['valvola','rubinetto']}");
    assert_string_equal(document_text(bench->current, "key"), "d");
    row_apply(bench, "{'synonym_dictionary_id':'d','key':'valves','terms':[]}");
    assert_string_equal(document_text(bench->current, "key"), "valves");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'synonym_dictionary_id':'d','language':'en'}");
    assert_string_equal(document_text(bench->current, "key"), "valves");
    assert_string_equal(document_text(bench->current, "language"), "en");
    row_apply(bench, "{'synonym_dictionary_id':'d','terms':'x'}");
    assert_true(row_found(bench, "wrong_type", "/terms"));
}

static void the_terms_of_a_dictionary_can_be_looked_up_and_a_partner_cannot_say_how(void **state)
{
    struct row_bench *bench = bench_of(state);
    bson_t *shown = document_new(bench->arena);

    row_apply(bench, "{'synonym_dictionary_id':'d','terms':['Valvola'],'lookup':['globex|x']}");
    assert_string_equal(document_text(bench->current, "lookup.0"), "acme|valvola");
    assert_null(document_text(bench->current, "lookup.1"));
    assert_null(strstr(test_json(bench->arena,
                                 entity_content(bench->arena, bench->current,
                                                entity_synonym_dictionaries.is_system),
                                 NULL),
                       "lookup"));
    answer_append_dictionary(shown, bench->current);
    assert_false(bson_has_field(shown, "lookup"));
    assert_false(bson_has_field(shown, "tenant"));
    assert_true(bson_has_field(shown, "terms"));
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'synonym_dictionary_id':'d','terms':['Tubo']}");
    assert_string_equal(document_text(bench->current, "lookup.0"), "acme|tubo");
}

static void every_entity_is_known_by_its_name_and_names_its_id(void **state)
{
    static const struct {
        const char *name;
        const char *code_field;
    } expected[] = {
        {"products", "entity_code"},
        {"customers", "external_code"},
        {"brands", "brand_id"},
        {"categories", "category_id"},
        {"collections", "collection_id"},
        {"product_types", "product_type_id"},
        {"synonym_dictionaries", "synonym_dictionary_id"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        const struct entity *entity = entity_named(expected[i].name);

        assert_non_null(entity);
        assert_string_equal(entity->code_field, expected[i].code_field);
        assert_non_null(field_find(entity->fields, entity->code_field));
    }
    assert_null(entity_named("brand"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_brand_is_stored_as_products_embed_it_its_id_first,
                                        open_brand, row_fixture_close),
        cmocka_unit_test_setup_teardown(replace_drops_what_is_not_sent_again_and_partial_keeps_it,
                                        open_brand, row_fixture_close),
        cmocka_unit_test_setup_teardown(all_that_is_wrong_with_a_brand_is_reported_with_its_path,
                                        open_brand, row_fixture_close),
        cmocka_unit_test_setup_teardown(a_category_keeps_its_texts_by_language, open_category,
                                        row_fixture_close),
        cmocka_unit_test_setup_teardown(
            a_text_in_a_products_snapshot_of_a_category_stays_as_it_came, open_category,
            row_fixture_close),
        cmocka_unit_test_setup_teardown(a_dictionary_without_a_key_is_found_under_its_id,
                                        open_dictionary, row_fixture_close),
        cmocka_unit_test_setup_teardown(
            the_terms_of_a_dictionary_can_be_looked_up_and_a_partner_cannot_say_how,
            open_dictionary, row_fixture_close),
        cmocka_unit_test(every_entity_is_known_by_its_name_and_names_its_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
