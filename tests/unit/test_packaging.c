#include "domain/packaging.h"

#include "domain/document.h"
#include "support/rows.h"
#include "support/test.h"

static int set_up(void **state)
{
    return row_fixture_open(state, &entity_products);
}

/* ---- what a row is told ---- */

static void a_price_ref_that_leads_nowhere_is_a_warning_with_its_path(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'entity_code':'P','packaging_options':["
                                      "{'code':'PZ','pricing':{'list':1}},"
                                      "{'code':'GOOD','pricing':{'price_ref':'PZ'}},"
                                      "{'code':'LOST','pricing':{'price_ref':'BAG'}},"
                                      "{'code':'SELF','pricing':{'price_ref':'SELF'}},"
                                      "{'code':'A','pricing':{'price_ref':'B'}},"
                                      "{'code':'B','pricing':{'price_ref':'A'}},"
                                      "{'code':'LEADS-TO-A','pricing':{'price_ref':'A'}},"
                                      "{'pricing':{'price_ref':null}}]}"),
                     ROW_CREATED);
    assert_int_equal(bench->findings.warnings, 4);
    for (int i = 2; i <= 5; i++) {
        assert_true(
            row_found(bench, "price_ref_unresolved",
                      arena_printf(bench->arena, "/packaging_options/%d/pricing/price_ref", i)));
    }
}

static void a_discount_outside_0_to_100_is_an_error_of_the_row(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'entity_code':'P','packaging_options':["
                                      "{'pricing':{'list_discount_pct':100.5}},"
                                      "{'pricing':{'sale_discount_pct':-1}},"
                                      "{'pricing':{'sale_discount_pct':'5'}},"
                                      "{'pricing':{'list_discount_pct':0,'sale_discount_pct':100}}"
                                      "]}"),
                     ROW_REFUSED);
    assert_true(row_found(bench, "wrong_value", "/packaging_options/0/pricing/list_discount_pct"));
    assert_true(row_found(bench, "wrong_value", "/packaging_options/1/pricing/sale_discount_pct"));
    assert_true(row_found(bench, "wrong_type", "/packaging_options/2/pricing/sale_discount_pct"));
    assert_int_equal(bench->findings.errors, 3);
}

/* ---- packaging_prices ---- */

static const char *prices_of(struct arena *arena, const char *packagings)
{
    bson_t *out = document_new(arena);

    packaging_append_prices(
        arena, out,
        test_document(arena, arena_printf(arena, "{'packaging_options':%s}", packagings)));
    return test_json(arena, out, NULL);
}

static void packaging_prices_are_given_or_follow_from_what_is_known(void **state)
{
    static const struct {
        const char *packagings;
        const char *prices;
    } cases[] = {
        /* the full product of the reference */
        {"[{'pkg_id':'1','code':'PZ','qty':1,'pricing':{'list':9.8,'retail':12.5,'sale':10.9,"
         "'list_unit':9.8,'retail_unit':12.5,'sale_unit':10.9}},"
         "{'pkg_id':'2','code':'BOX','qty':10,'pricing':{'price_ref':'PZ','list_discount_pct':5,"
         "'sale_discount_pct':10}}]",
         "{'packaging_prices':[{'pkg_id':'1','code':'PZ','qty':1,'list':9.8,'retail':12.5,"
         "'sale':10.9,'list_unit':9.8,'retail_unit':12.5,'sale_unit':10.9},"
         "{'pkg_id':'2','code':'BOX','qty':10,'list':93.1,'retail':125.0,'sale':98.1,"
         "'list_unit':9.31,'retail_unit':12.5,'sale_unit':9.81}]}"},
        /* a unit price is the price by quantity, a price the unit price times quantity */
        {"[{'qty':3,'pricing':{'list':10,'sale_unit':2.5}}]",
         "{'packaging_prices':[{'qty':3,'list':10,'sale':7.5,'list_unit':3.3333,"
         "'sale_unit':2.5}]}"},
        /* what is given goes before what is referred to; a third of 10, 30 times, is 100 */
        {"[{'code':'A','qty':3,'pricing':{'list':10,'sale':9}},"
         "{'code':'B','qty':30,'pricing':{'price_ref':'A','sale':80}}]",
         "{'packaging_prices':[{'code':'A','qty':3,'list':10,'sale':9,'list_unit':3.3333,"
         "'sale_unit':3.0},{'code':'B','qty':30,'list':100.0,'sale':80,'list_unit':3.3333,"
         "'sale_unit':2.6667}]}"},
        /* discounts multiply along a chain, whatever the order of the packagings */
        {"[{'code':'C','qty':4,'pricing':{'price_ref':'B','list_discount_pct':50}},"
         "{'code':'B','qty':2,'pricing':{'price_ref':'A','list_discount_pct':10}},"
         "{'code':'A','qty':1,'pricing':{'list':1}}]",
         "{'packaging_prices':[{'code':'C','qty':4,'list':1.8,'list_unit':0.45},"
         "{'code':'B','qty':2,'list':1.8,'list_unit':0.9},"
         "{'code':'A','qty':1,'list':1,'list_unit':1.0}]}"},
        /* without a quantity nothing can be divided or multiplied */
        {"[{'code':'A','pricing':{'list':5}},{'code':'B','qty':0,'pricing':{'list_unit':2}},"
         "{'code':'C','qty':2,'pricing':{'price_ref':'A'}},"
         "{'code':'D','pricing':{'price_ref':'B'}}]",
         "{'packaging_prices':[{'code':'A','list':5},{'code':'B','qty':0,'list_unit':2},"
         "{'code':'C','qty':2},{'code':'D','list_unit':2.0}]}"},
        /* no price comes out of a circle, and none into what leads there */
        {"[{'code':'A','qty':1,'pricing':{'price_ref':'B','sale':3}},"
         "{'code':'B','qty':1,'pricing':{'price_ref':'A'}},"
         "{'code':'C','qty':1,'pricing':{'price_ref':'B'}},"
         "{'code':'S','qty':1,'pricing':{'price_ref':'S'}}]",
         "{'packaging_prices':[{'code':'A','qty':1,'sale':3,'sale_unit':3.0},"
         "{'code':'B','qty':1},{'code':'C','qty':1},{'code':'S','qty':1}]}"},
        {"[{'code':'A','qty':1},{'code':'B','pricing':null}]",
         "{'packaging_prices':[{'code':'A','qty':1},{'code':'B'}]}"},
        {"[{'qty':1e300,'pricing':{'list_unit':1e300}}]",
         "{'packaging_prices':[{'qty':1e+300,'list_unit':1e+300}]}"},
        {"[]", "{}"},
        {"null", "{}"},
    };
    struct arena *arena = ((struct row_fixture *)*state)->arena;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(prices_of(arena, cases[i].packagings), cases[i].prices);
    }
}

static void a_chain_of_references_may_have_any_length(void **state)
{
    enum { LENGTH = 20000 };
    struct arena *arena = ((struct row_fixture *)*state)->arena;
    bson_t *product = document_new(arena);
    bson_t *out = document_new(arena);
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(product, "packaging_options", &list);
    for (int i = 0; i < LENGTH; i++) {
        const char *packaging =
            i + 1 < LENGTH
                ? arena_printf(arena, "{'code':'%d','qty':1,'pricing':{'price_ref':'%d'}}", i,
                               i + 1)
                : arena_printf(arena, "{'code':'%d','qty':1,'pricing':{'list':7}}", i);

        bson_append_document(&list, arena_printf(arena, "%d", i), -1,
                             test_document(arena, packaging));
    }
    bson_append_array_end(product, &list);
    packaging_append_prices(arena, out, product);
    struct document_list prices = document_objects(out, "packaging_prices");

    assert_true(document_number(document_next_object(&prices), "list", 0) == 7);
}

static void a_row_cannot_set_packaging_prices(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'entity_code':'P','packaging_prices':[{'list':1}]}"),
                     ROW_CREATED);
    assert_false(bson_has_field(bench->current, "packaging_prices"));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_price_ref_that_leads_nowhere_is_a_warning_with_its_path),
        CLAIM(a_discount_outside_0_to_100_is_an_error_of_the_row),
        CLAIM(packaging_prices_are_given_or_follow_from_what_is_known),
        CLAIM(a_chain_of_references_may_have_any_length),
        CLAIM(a_row_cannot_set_packaging_prices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
