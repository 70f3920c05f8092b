#include "domain/document.h"
#include "support/rows.h"
#include "support/test.h"

static const char DEFAULTS[] =
    ",'channels':['default'],'unit':'pcs','product_kind':'standard','is_parent':true,"
    "'include_faceting':true}";

static int set_up(void **state)
{
    return row_fixture_open(state, &entity_products);
}

static void a_first_import_is_version_1_and_the_next_one_version_2(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'entity_code':'A','price':1}"), ROW_CREATED);
    assert_int_equal(bench->outcome.version, 1);
    assert_string_equal(document_text(bench->current, "_id"), "acme|A");
    assert_true(document_bool(bench->current, "isCurrent", false));
    assert_int_equal(row_apply(bench, "{'entity_code':'A','price':2}"), ROW_UPDATED);
    assert_int_equal(bench->outcome.version, 2);
    assert_int_equal(document_int64(bench->current, "import.row", -1), 1);
}

static void a_demoted_version_differs_only_in_its_id_and_is_current(void **state)
{
    struct row_fixture *fixture = *state;
    static const char *const identity[] = {"_id", "isCurrent", NULL};

    row_apply(&fixture->bench, "{'entity_code':'A','name':{'en':'x'},'price':1.5}");
    const bson_t *current = fixture->bench.current;
    const bson_t *old = entity_demote(fixture->arena, current, "acme|A|1");

    assert_string_equal(document_text(old, "_id"), "acme|A|1");
    assert_false(document_bool(old, "isCurrent", true));
    assert_string_equal(test_json(fixture->arena, old, identity),
                        test_json(fixture->arena, current, identity));
}

static void the_sku_stands_in_for_a_missing_entity_code_and_the_other_way_round(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'sku':'S-1'}"), ROW_CREATED);
    assert_string_equal(document_text(bench->current, "entity_code"), "S-1");
    bench->current = NULL;
    assert_int_equal(row_apply(bench, "{'entity_code':'E-1'}"), ROW_CREATED);
    assert_string_equal(document_text(bench->current, "sku"), "E-1");
}

static void a_row_without_any_code_is_refused(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'price':1}"), ROW_REFUSED);
    assert_true(row_found(bench, "code_missing", ""));
    assert_int_equal(row_apply(bench, "{'entity_code':''}"), ROW_REFUSED);
    assert_true(row_found(bench, "code_invalid", "/entity_code"));
    assert_int_equal(row_apply(bench, "{'entity_code':17}"), ROW_REFUSED);
    assert_true(row_found(bench, "code_invalid", "/entity_code"));
}

static void plain_text_is_wrapped_in_the_default_language(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A','name':'Valvola','slug':{'en':'valve'}}");
    assert_string_equal(document_text(bench->current, "name.it"), "Valvola");
    assert_string_equal(document_text(bench->current, "slug.en"), "valve");
    assert_null(document_text(bench->current, "slug.it"));
}

static void an_object_that_is_not_keyed_by_language_is_a_wrong_type(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'entity_code':'A','name':{'label':'x'}}"), ROW_REFUSED);
    assert_true(row_found(bench, "wrong_type", "/name"));
    assert_int_equal(row_apply(bench, "{'entity_code':'A','name':{'en':5}}"), ROW_REFUSED);
    assert_true(row_found(bench, "wrong_type", "/name/en"));
}

static void every_wrong_type_of_a_row_is_reported_with_its_path(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench,
                               "{'entity_code':'A','price':'12,5','pricing':{'list':'x'},'ean':'1',"
                               "'packaging_options':[{'qty':1},{'pricing':{'sale':true}}],"
                               "'stock_status':'gone','item_creation_date':'yesterday'}"),
                     ROW_REFUSED);
    assert_true(row_found(bench, "wrong_type", "/price"));
    assert_true(row_found(bench, "wrong_type", "/pricing/list"));
    assert_true(row_found(bench, "wrong_type", "/ean"));
    assert_true(row_found(bench, "wrong_type", "/packaging_options/1/pricing/sale"));
    assert_true(row_found(bench, "wrong_value", "/stock_status"));
    assert_true(row_found(bench, "wrong_type", "/item_creation_date"));
    assert_int_equal(bench->findings.errors, 6);
}

static void the_partial_example_of_the_reference_keeps_what_is_not_sent(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'SKU-0001','name':{'en':'n'},'description':'old','price':10,"
                     "'media':[{'type':'image','url':'u'}]}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'entity_code':'SKU-0001','price':12.5}");
    assert_string_equal(
        row_content(bench),
        "{'entity_code':'SKU-0001','name':{'en':'n'},'description':{'it':'old'},'price':12.5,"
        "'media':[{'type':'image','url':'u'}],'sku':'SKU-0001','channels':['default'],"
        "'unit':'pcs','product_kind':'standard','is_parent':true,'include_faceting':true}");
}

static void the_replace_example_of_the_reference_drops_what_is_not_sent(void **state)
{
    struct row_fixture *fixture = *state;
    struct row_bench *bench = &fixture->bench;

    row_apply(bench, "{'entity_code':'SKU-0001','name':{'en':'n'},'description':'old','price':10,"
                     "'media':[{'type':'image','url':'u'}]}");
    row_apply(bench, "{'entity_code':'SKU-0001','price':12.5}");
    assert_string_equal(row_content(bench),
                        arena_printf(fixture->arena,
                                     "{'entity_code':'SKU-0001','price':12.5,'sku':'SKU-0001'%s",
                                     DEFAULTS));
}

static void partial_merges_objects_by_key_and_replaces_lists(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A','name':{'it':'a','en':'b'},'pricing':{'list':1,'sale':2},"
                     "'ean':['1','2'],'note':'x'}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'entity_code':'A','name':{'en':'c'},'pricing':{'sale':3},'ean':['9'],"
                     "'note':null}");
    assert_string_equal(document_text(bench->current, "name.it"), "a");
    assert_string_equal(document_text(bench->current, "name.en"), "c");
    assert_true(document_number(bench->current, "pricing.list", 0) == 1);
    assert_true(document_number(bench->current, "pricing.sale", 0) == 3);
    assert_string_equal(document_text(bench->current, "ean.0"), "9");
    assert_null(document_text(bench->current, "ean.1"));
    bson_iter_t note;
    assert_true(document_find(bench->current, "note", &note) && BSON_ITER_HOLDS_NULL(&note));
}

static void partial_replaces_media_of_the_types_that_are_sent(void **state)
{
    struct row_fixture *fixture = *state;
    struct row_bench *bench = &fixture->bench;
    bson_iter_t media;

    row_apply(bench, "{'entity_code':'A','media':[{'type':'video','url':'v1'},"
                     "{'type':'document','url':'d1'},{'type':'video','url':'v2'}]}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'entity_code':'A','media':[{'type':'video','url':'v3'}]}");
    assert_true(document_find(bench->current, "media", &media));
    assert_string_equal(test_json(fixture->arena, document_nested(fixture->arena, &media), NULL),
                        "{'0':{'type':'document','url':'d1'},'1':{'type':'video','url':'v3'}}");
}

static void locked_fields_of_product_and_source_survive_a_replace(void **state)
{
    struct row_fixture *fixture = *state;
    struct row_bench *bench = &fixture->bench;

    row_apply(bench,
              "{'entity_code':'A','pricing':{'list':10,'sale':8},'name':'Mine','unit':'kg'}");
    bench->current =
        document_merge(fixture->arena, bench->current,
                       test_document(fixture->arena, "{'locked_fields':['pricing.list','slug']}"));
    bench->source_json = "{'source_id':'s','locked_fields':['name']}";
    row_apply(bench, "{'entity_code':'A','pricing':{'list':99,'sale':7},'name':'Theirs',"
                     "'slug':'first'}");
    assert_true(document_number(bench->current, "pricing.list", 0) == 10);
    assert_true(document_number(bench->current, "pricing.sale", 0) == 7);
    assert_string_equal(document_text(bench->current, "name.it"), "Mine");
    assert_string_equal(document_text(bench->current, "unit"), "pcs");
    assert_string_equal(document_text(bench->current, "slug.it"), "first");
    assert_string_equal(document_text(bench->current, "locked_fields.0"), "pricing.list");
}

static void a_row_cannot_set_what_the_system_sets(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A','_id':'globex|A','tenant':'globex','version':99,"
                     "'isCurrent':false,'locked_fields':['x'],'import':{}}");
    assert_string_equal(document_text(bench->current, "_id"), "acme|A");
    assert_string_equal(document_text(bench->current, "tenant"), "acme");
    assert_int_equal(document_int64(bench->current, "version", 0), 1);
    assert_null(document_text(bench->current, "locked_fields.0"));
}

static void unknown_fields_are_kept_as_they_came(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A','erp':{'deep':[1,{'x':null}]}}");
    assert_true(document_number(bench->current, "erp.deep.0", 0) == 1);
}

static void a_complete_product_of_a_publishing_source_is_published(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    bench->source_json =
        "{'source_id':'s','name':'S','auto_publish_enabled':true,'min_score_threshold':80}";
    row_apply(bench, "{'entity_code':'SKU-0001','name':'n','description':'d','price':12.5,"
                     "'brand':'acme','images':[{'url':'u','position':0}]}");
    assert_true(bench->outcome.meets_publish_rule);
    assert_string_equal(document_text(bench->current, "status"), "published");
    assert_int_equal(document_int64(bench->current, "completeness_score", 0), 90);
    assert_string_equal(document_text(bench->current, "source.source_name"), "S");

    bench->current = NULL;
    row_apply(bench, "{'entity_code':'SKU-0002','name':'Copper elbow 22mm','price':3.9,"
                     "'brand':'acme'}");
    assert_false(bench->outcome.meets_publish_rule);
    assert_string_equal(document_text(bench->current, "status"), "draft");
    assert_int_equal(document_int64(bench->current, "completeness_score", 0), 50);
}

static void required_fields_of_product_and_source_must_hold_something(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;
    const char *row =
        "{'entity_code':'A','name':'n','description':'d','price':1,"
        "'images':[{'url':'u'}],'pricing':{'list':null},'required_fields':['pricing.list']}";

    bench->source_json =
        "{'source_id':'s','auto_publish_enabled':true,'required_fields':['sku','name.it']}";
    row_apply(bench, row);
    assert_string_equal(document_text(bench->current, "status"), "draft");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'entity_code':'A','pricing':{'list':3}}");
    assert_string_equal(document_text(bench->current, "status"), "published");
}

static void a_published_product_stays_published_unless_the_row_asks_otherwise(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    bench->source_json = "{'source_id':'s','auto_publish_enabled':true,'min_score_threshold':20}";
    row_apply(bench, "{'entity_code':'A','name':'n'}");
    assert_string_equal(document_text(bench->current, "status"), "published");
    row_apply(bench, "{'entity_code':'A','price':null}");
    assert_string_equal(document_text(bench->current, "status"), "published");
    row_apply(bench, "{'entity_code':'A','auto_publish_enabled':false}");
    assert_string_equal(document_text(bench->current, "status"), "draft");
    row_apply(bench, "{'entity_code':'A','name':'again'}");
    assert_string_equal(document_text(bench->current, "status"), "draft");
}

static void an_unchanged_row_makes_no_version_where_the_source_says_so(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    bench->source_json = "{'source_id':'s','unchanged':'skip'}";
    row_apply(bench, "{'entity_code':'A','name':'n','price':10,'pricing':{'list':1,'sale':2}}");
    assert_int_equal(
        row_apply(bench,
                  "{'pricing':{'sale':2,'list':1.0},'entity_code':'A','price':10,'name':'n'}"),
        ROW_UNCHANGED);
    assert_int_equal(bench->outcome.version, 1);
    assert_int_equal(row_apply(bench, "{'entity_code':'A','name':'n','price':11}"), ROW_UPDATED);
    bench->source_json = "{'source_id':'s'}";
    assert_int_equal(row_apply(bench, "{'entity_code':'A','name':'n','price':11}"), ROW_UPDATED);
}

static void a_variant_is_no_parent_unless_it_says_so(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A','parent_entity_code':'P'}");
    assert_false(document_bool(bench->current, "is_parent", true));
    bench->current = NULL;
    row_apply(bench, "{'entity_code':'A','parent_sku':'P','is_parent':true}");
    assert_true(document_bool(bench->current, "is_parent", false));
    bench->current = NULL;
    row_apply(bench, "{'entity_code':'A','parent_sku':null}");
    assert_true(document_bool(bench->current, "is_parent", false));
}

static void a_partial_row_that_gives_or_takes_the_parent_makes_or_unmakes_a_variant(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A'}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'entity_code':'A','parent_entity_code':'P'}");
    assert_false(document_bool(bench->current, "is_parent", true));
    row_apply(bench, "{'entity_code':'A','parent_entity_code':null}");
    assert_true(document_bool(bench->current, "is_parent", false));
    row_apply(bench, "{'entity_code':'A','parent_sku':'P','is_parent':true}");
    assert_true(document_bool(bench->current, "is_parent", false));
    row_apply(bench, "{'entity_code':'A','parent_sku':'Q'}");
    assert_true(document_bool(bench->current, "is_parent", false));
}

static void a_variant_without_a_parent_is_stored_with_a_warning(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'entity_code':'A','is_parent':false}"), ROW_CREATED);
    assert_true(row_found(bench, "parent_missing", "/is_parent"));
    assert_int_equal(row_apply(bench, "{'entity_code':'A','is_parent':false,'parent_sku':'P'}"),
                     ROW_UPDATED);
    assert_int_equal(bench->findings.warnings, 0);
}

static void facets_count_every_product_unless_it_says_otherwise(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A','parent_sku':'P'}");
    assert_true(document_bool(bench->current, "include_faceting", false));
    row_apply(bench, "{'entity_code':'A','include_faceting':false}");
    assert_false(document_bool(bench->current, "include_faceting", true));
}

static void nested_fields_of_a_wrong_type_are_reported_with_their_path(void **state)
{
    static const struct {
        const char *field;
        const char *path;
    } rows[] = {
        {"'attributes':{'it':[{'key':'k','value':[1]},{'key':2}]}", "/attributes/it/1/key"},
        {"'attributes':{'it':['red']}", "/attributes/it/0"},
        {"'attributes':{'it':{}}", "/attributes/it"},
        {"'marketing_features':{'it':['a',null,3]}", "/marketing_features/it/1"},
        {"'technical_specifications':{'it':[{'value':40,'order':'1'}]}",
         "/technical_specifications/it/0/order"},
        {"'product_type':{'technical_specifications':[{'options':'brass'}]}",
         "/product_type/technical_specifications/0/options"},
        {"'brand':{'hierarchy':[{'level':'0'}]}", "/brand/hierarchy/0/level"},
        {"'category':{'image':{'thumbnail':1}}", "/category/image/thumbnail"},
        {"'channel_categories':[{'category':{'hierarchy':[{'category_id':1}]}}]",
         "/channel_categories/0/category/hierarchy/0/category_id"},
        {"'meta':[{'key':1}]", "/meta/0/key"},
        {"'parent_product':{'entity_code':1}", "/parent_product/entity_code"},
        {"'sibling_variants':[{'is_active':'yes'}]", "/sibling_variants/0/is_active"},
    };
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        row_apply(bench, arena_printf(bench->arena, "{'entity_code':'A',%s}", rows[i].field));
        if (!row_found(bench, "wrong_type", rows[i].path)) {
            fail_msg("%s: nothing found at %s", rows[i].field, rows[i].path);
        }
    }
}

static void field_mappings_rename_nest_and_convert(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    bench->source_json =
        "{'source_id':'s','field_mappings':[{'source_field':'Codice','target_field':'entity_code',"
        "'transform':'trim'},{'source_field':'Prezzo','target_field':'pricing.list',"
        "'transform':'number'},{'source_field':'EAN','target_field':'ean','transform':'split:;'},"
        "{'source_field':'Attivo','target_field':'active','transform':'boolean'}]}";
    row_apply(bench, "{'Codice':' X-1 ','Prezzo':'1.234,56','EAN':'1; 2;3','Attivo':'si',"
                     "'name':'n'}");
    assert_string_equal(document_text(bench->current, "entity_code"), "X-1");
    assert_true(document_number(bench->current, "pricing.list", 0) == 1234.56);
    assert_string_equal(document_text(bench->current, "ean.2"), "3");
    assert_true(document_bool(bench->current, "active", false));
    assert_int_equal(row_apply(bench, "{'Codice':'X-2','Prezzo':'abc'}"), ROW_REFUSED);
    assert_true(row_found(bench, "mapping_failed", "/Prezzo"));
}

static void the_short_form_of_mappings_works_too(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    bench->source_json = "{'source_id':'s','field_mappings':{'Codice':'sku','P':'pricing.list'}}";
    assert_int_equal(row_apply(bench, "{'Codice':'Z','P':3}"), ROW_CREATED);
    assert_string_equal(document_text(bench->current, "entity_code"), "Z");
    assert_true(document_number(bench->current, "pricing.list", 0) == 3);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_first_import_is_version_1_and_the_next_one_version_2),
        CLAIM(a_demoted_version_differs_only_in_its_id_and_is_current),
        CLAIM(the_sku_stands_in_for_a_missing_entity_code_and_the_other_way_round),
        CLAIM(a_row_without_any_code_is_refused),
        CLAIM(plain_text_is_wrapped_in_the_default_language),
        CLAIM(an_object_that_is_not_keyed_by_language_is_a_wrong_type),
        CLAIM(every_wrong_type_of_a_row_is_reported_with_its_path),
        CLAIM(the_partial_example_of_the_reference_keeps_what_is_not_sent),
        CLAIM(the_replace_example_of_the_reference_drops_what_is_not_sent),
        CLAIM(partial_merges_objects_by_key_and_replaces_lists),
        CLAIM(partial_replaces_media_of_the_types_that_are_sent),
        CLAIM(locked_fields_of_product_and_source_survive_a_replace),
        CLAIM(a_row_cannot_set_what_the_system_sets),
        CLAIM(unknown_fields_are_kept_as_they_came),
        CLAIM(a_complete_product_of_a_publishing_source_is_published),
        CLAIM(required_fields_of_product_and_source_must_hold_something),
        CLAIM(a_published_product_stays_published_unless_the_row_asks_otherwise),
        CLAIM(an_unchanged_row_makes_no_version_where_the_source_says_so),
        CLAIM(a_variant_is_no_parent_unless_it_says_so),
        CLAIM(a_partial_row_that_gives_or_takes_the_parent_makes_or_unmakes_a_variant),
        CLAIM(a_variant_without_a_parent_is_stored_with_a_warning),
        CLAIM(facets_count_every_product_unless_it_says_otherwise),
        CLAIM(nested_fields_of_a_wrong_type_are_reported_with_their_path),
        CLAIM(field_mappings_rename_nest_and_convert),
        CLAIM(the_short_form_of_mappings_works_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
