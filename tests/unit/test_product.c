#include "domain/document.h"
#include "support/rows.h"
#include "support/test.h"

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

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_first_import_is_version_1_and_the_next_one_version_2),
        CLAIM(a_demoted_version_differs_only_in_its_id_and_is_current),
        CLAIM(a_row_cannot_set_what_the_system_sets),
        CLAIM(a_published_product_stays_published_unless_the_row_asks_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
