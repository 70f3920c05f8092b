#include "domain/document.h"
#include "support/memory.h"
#include "support/rows.h"
#include "support/test.h"

#include "base/buf.h"

#include <string.h>

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

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

static void a_large_product_is_kept_without_a_copy_of_it_for_each_lock(void **state)
{
    struct row_fixture *fixture = *state;
    struct row_bench *bench = &fixture->bench;
    AUTO(buf) struct buf locks = {0};
    AUTO(buf) struct buf row = {0};

    buf_adds(&locks, "{'source_id':'s','locked_fields':[");
    buf_adds(&row, "{'entity_code':'A'");
    for (int i = 0; i < 200; i++) {
        buf_printf(&locks, "%s'k%d'", i > 0 ? "," : "", i);
        buf_printf(&row, ",'k%d':'%04000d'", i, i);
    }
    buf_adds(&locks, "]}");
    buf_addc(&locks, '\0');
    buf_adds(&row, "}");
    buf_addc(&row, '\0');
    bench->source_json = locks.data;
    row_apply(bench, row.data);
    long before = memory_peak_kb();

    assert_int_equal(row_apply(bench, "{'entity_code':'A','k7':'other'}"), ROW_UPDATED);
    assert_int_equal(document_int64(bench->current, "version", 0), 2);
    assert_int_equal(strlen(document_text(bench->current, "k7")), 4000);
    assert_in_range(memory_peak_kb() - before, 0, 64 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_first_import_is_version_1_and_the_next_one_version_2),
        CLAIM(a_demoted_version_differs_only_in_its_id_and_is_current),
        CLAIM(a_row_cannot_set_what_the_system_sets),
        CLAIM(a_published_product_stays_published_unless_the_row_asks_otherwise),
        CLAIM(a_partial_row_that_gives_or_takes_the_parent_makes_or_unmakes_a_variant),
        CLAIM(a_variant_without_a_parent_is_stored_with_a_warning),
        CLAIM(facets_count_every_product_unless_it_says_otherwise),
        CLAIM(nested_fields_of_a_wrong_type_are_reported_with_their_path),
        CLAIM(a_large_product_is_kept_without_a_copy_of_it_for_each_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
