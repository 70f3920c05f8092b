#include "domain/promotion.h"

#include "domain/date.h"
#include "domain/document.h"
#include "support/rows.h"
#include "support/test.h"

#include <string.h>

static int set_up(void **state)
{
    return row_fixture_open(state, &entity_products);
}

/* ---- promo_code, promo_type, has_active_promo ---- */

/* The three fields of the current document, as JSON. */
static const char *promo_fields(struct row_bench *bench)
{
    static const char *const names[] = {"promo_code", "promo_type", "has_active_promo"};
    bson_t *out = document_new(bench->arena);
    bson_iter_t value;

    for (size_t i = 0; i < 3; i++) {
        if (bson_iter_init_find(&value, bench->current, names[i])) {
            bson_append_iter(out, names[i], -1, &value);
        }
    }
    return test_json(bench->arena, out, NULL);
}

static void the_promo_fields_follow_from_the_promotions_a_row_brings(void **state)
{
    static const struct {
        const char *sent;
        const char *fields;
    } rows[] = {
        {"'promotions':[{'promo_code':'A','promo_type':'STD','is_active':true}]",
         "{'promo_code':['A'],'promo_type':['STD'],'has_active_promo':true}"},
        {"'packaging_options':[{'promotions':[{'promo_code':'B'}]},"
         "{'promotions':[{'promo_code':'A'}]}],"
         "'promotions':[{'promo_code':'C','promo_type':'X'},{'promo_code':'B','promo_type':'X'}]",
         "{'promo_code':['C','B','A'],'promo_type':['X'],'has_active_promo':true}"},
        {"'promotions':[{'promo_code':'A','is_active':false}]",
         "{'promo_code':['A'],'promo_type':[],'has_active_promo':false}"},
        {"'promotions':[{'promo_code':'A','is_active':false},{'is_active':null}]",
         "{'promo_code':['A'],'promo_type':[],'has_active_promo':true}"},
        {"'promotions':[],'packaging_options':[{'code':'PZ'}]", "{}"},
        {"'promotions':null", "{}"},
        {"'price':1", "{}"},
    };
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bench->current = NULL;
        assert_int_equal(
            row_apply(bench, arena_printf(bench->arena, "{'entity_code':'P',%s}", rows[i].sent)),
            ROW_CREATED);
        assert_string_equal(promo_fields(bench), rows[i].fields);
    }
}

static void what_a_row_says_itself_of_its_promotions_stays(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'P','promotions':[{'promo_code':'A','promo_type':'T'}],"
                     "'promo_code':['Z','Z'],'has_active_promo':null}");
    assert_string_equal(promo_fields(bench),
                        "{'promo_code':['Z','Z'],'promo_type':['T'],'has_active_promo':null}");
}

static void a_partial_row_counts_the_promotions_that_stay_too(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'P','promotions':[{'promo_code':'A'}]}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'entity_code':'P','packaging_options':[{'promotions':[{'promo_code':'B',"
                     "'promo_type':'T'}]}]}");
    assert_string_equal(promo_fields(bench),
                        "{'promo_code':['A','B'],'promo_type':['T'],'has_active_promo':true}");
    row_apply(bench, "{'entity_code':'P','price':2}");
    assert_string_equal(promo_fields(bench),
                        "{'promo_code':['A','B'],'promo_type':['T'],'has_active_promo':true}");
}

static void when_the_last_promotion_goes_the_promo_fields_are_emptied(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'P','promotions':[{'promo_code':'A','promo_type':'T'}]}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'entity_code':'P','promotions':[]}");
    assert_string_equal(promo_fields(bench),
                        "{'promo_code':[],'promo_type':[],'has_active_promo':false}");
}

static void a_locked_promo_field_keeps_its_value_and_locked_promotions_are_counted(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'P','promotions':[{'promo_code':'A','promo_type':'T'}]}");
    bench->source_json = "{'source_id':'s','locked_fields':['promo_code']}";
    row_apply(bench, "{'entity_code':'P','promotions':[{'promo_code':'B','promo_type':'U'}]}");
    assert_string_equal(promo_fields(bench),
                        "{'promo_code':['A'],'promo_type':['U'],'has_active_promo':true}");
    bench->source_json = "{'source_id':'s','locked_fields':['promotions']}";
    row_apply(bench, "{'entity_code':'P','promotions':[{'promo_code':'C','promo_type':'V'}]}");
    assert_string_equal(promo_fields(bench),
                        "{'promo_code':['B'],'promo_type':['U'],'has_active_promo':true}");
}

/* ---- promotions in packagings ---- */

/* 2026-05-01T00:00:00Z */
static const int64_t MAY_1ST = 1777593600000;

/* The codes of each packaging's promotions on May 1st, "-" where there is no list of them. */
static const char *codes_on_may_1st(struct arena *arena, const char *product)
{
    const bson_t *shown = promotion_spread(arena, test_document(arena, product), MAY_1ST);
    struct document_list packagings = document_objects(shown, "packaging_options");
    const char *text = "";

    for (const bson_t *packaging; (packaging = document_next_object(&packagings));) {
        struct document_list promotions = document_objects(packaging, "promotions");
        bool has_list = bson_has_field(packaging, "promotions");

        text = arena_printf(arena, "%s%s%s", text, *text ? " | " : "", has_list ? "" : "-");
        for (const bson_t *promotion; (promotion = document_next_object(&promotions));) {
            text = arena_printf(arena, "%s%s", text, document_text(promotion, "promo_code"));
        }
    }
    return text;
}

static void a_product_s_promotion_is_shown_in_the_packagings_it_is_for(void **state)
{
    static const struct {
        const char *promotion;
        const char *codes;
    } cases[] = {
        {"", "AX | X"},
        {",'target_pkg_ids':[]", "AX | X"},
        {",'target_pkg_ids':null", "AX | X"},
        {",'target_pkg_ids':['2','9']", "A | X"},
        {",'target_pkg_ids':['9']", "A | -"},
        {",'is_active':true", "AX | X"},
        {",'is_active':false", "A | -"},
        {",'start_date':'2026-05-01','end_date':'2026-05-01'", "AX | X"},
        {",'start_date':'2026-05-01T00:00:00.001Z'", "A | -"},
        {",'start_date':null,'end_date':'2026-05-01T00:00:00.000Z'", "AX | X"},
        {",'end_date':'2026-04-30'", "A | -"},
        {",'end_date':'2026-04-30T23:59:59.999Z'", "A | -"},
        {",'end_date':'2026-05-01T01:59:00+02:00'", "A | -"},
        {",'end_date':'2026-05-01T02:00:00+02:00'", "AX | X"},
        {",'end_date':'2026-05-01 at noon'", "AX | X"},
    };
    struct arena *arena = ((struct row_fixture *)*state)->arena;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *product =
            arena_printf(arena,
                         "{'promotions':[{'promo_code':'X'%s}],'packaging_options':["
                         "{'pkg_id':'1','promotions':[{'promo_code':'A'}]},{'pkg_id':'2'}]}",
                         cases[i].promotion);
        const char *codes = codes_on_may_1st(arena, product);

        if (strcmp(codes, cases[i].codes) != 0) {
            fail_msg("%s: %s instead of %s", cases[i].promotion, codes, cases[i].codes);
        }
    }
}

static void a_packaging_keeps_its_own_promotion_of_the_same_code_and_row(void **state)
{
    struct arena *arena = ((struct row_fixture *)*state)->arena;
    const char *product =
        "{'promotions':[{'promo_code':'A','promo_row':1},{'promo_code':'B','promo_row':1},"
        "{'promo_code':'A','promo_row':2},{'promo_code':'C'},{'promo_code':'C'}],"
        "'packaging_options':[{'pkg_id':'1','promotions':[{'promo_code':'A','promo_row':1.0,"
        "'own':true}]}]}";

    assert_string_equal(codes_on_may_1st(arena, product), "ABAC");
}

static void what_no_promotion_reaches_is_shown_exactly_as_stored(void **state)
{
    static const char *const products[] = {
        "{'packaging_options':[{'pkg_id':'1'},{'promotions':[]}],'promotions':[]}",
        "{'packaging_options':[{'pkg_id':'1','promotions':null}],"
        "'promotions':[{'promo_code':'A','target_pkg_ids':['2']}]}",
        "{'packaging_options':[],'promotions':[{'promo_code':'A'}]}",
        "{'packaging_options':null,'promotions':[{'promo_code':'A'}]}",
        "{'promotions':[{'promo_code':'A'}]}",
    };
    struct arena *arena = ((struct row_fixture *)*state)->arena;

    for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++) {
        const bson_t *product = test_document(arena, products[i]);

        assert_string_equal(test_json(arena, promotion_spread(arena, product, MAY_1ST), NULL),
                            products[i]);
    }
}

/* 5,000 packagings and one promotion: a row can be as large as that, an answer must not be any
 * size. */
static void a_product_that_would_grow_without_measure_is_shown_as_stored(void **state)
{
    enum { PACKAGINGS = 5000 };
    struct arena *arena = ((struct row_fixture *)*state)->arena;
    bson_t *product = document_new(arena);
    bson_t packagings;

    bson_concat(product, test_document(arena, "{'promotions':[{'promo_code':'A'}]}"));
    BSON_APPEND_ARRAY_BEGIN(product, "packaging_options", &packagings);
    for (uint32_t i = 0; i < PACKAGINGS; i++) {
        char buffer[16];
        const char *key;

        bson_uint32_to_string(i, &key, buffer, sizeof(buffer));
        bson_append_document(&packagings, key, -1, test_document(arena, "{'pkg_id':'1'}"));
    }
    bson_append_array_end(product, &packagings);
    assert_ptr_equal(promotion_spread(arena, product, MAY_1ST), product);
}

static void dates_name_a_moment_or_a_whole_day(void **state)
{
    static const int64_t day = 24LL * 60 * 60 * 1000;
    static const struct {
        const char *text;
        int64_t first;
        int64_t length;
    } dates[] = {
        {"1970-01-01", 0, day},
        {"2000-02-29", 951782400000, day},
        {"2026-05-01", MAY_1ST, day},
        {"2026-05-01T00:00:00.000Z", MAY_1ST, 1},
        {"2026-05-01T00:00Z", MAY_1ST, 1},
        {"2026-05-01 00:00:01", MAY_1ST + 1000, 1},
        {"2026-05-01T00:00:01.5", MAY_1ST + 1500, 1},
        {"2026-05-01T02:00:00.123456+02:00", MAY_1ST + 123, 1},
        {"2026-04-30T19:00:00-0500", MAY_1ST, 1},
        {"2026-05-01T25:00:00Z", MAY_1ST, day},
        {"2026-05-01Tnoon", MAY_1ST, day},
    };
    static const char *const none[] = {"",           "2026",       "01.05.2026",  "2026-13-01",
                                       "2026-00-01", "2026-01-32", "2026-05-01x", "+026-05-01"};
    struct date_span span;

    (void)state;
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        assert_true(date_read(dates[i].text, &span));
        assert_int_equal(span.first_ms, dates[i].first);
        assert_int_equal(span.last_ms - span.first_ms + 1, dates[i].length);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_false(date_read(none[i], &span));
    }
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_promo_fields_follow_from_the_promotions_a_row_brings),
        CLAIM(what_a_row_says_itself_of_its_promotions_stays),
        CLAIM(a_partial_row_counts_the_promotions_that_stay_too),
        CLAIM(when_the_last_promotion_goes_the_promo_fields_are_emptied),
        CLAIM(a_locked_promo_field_keeps_its_value_and_locked_promotions_are_counted),
        CLAIM(a_product_s_promotion_is_shown_in_the_packagings_it_is_for),
        CLAIM(a_packaging_keeps_its_own_promotion_of_the_same_code_and_row),
        CLAIM(what_no_promotion_reaches_is_shown_exactly_as_stored),
        CLAIM(a_product_that_would_grow_without_measure_is_shown_as_stored),
        CLAIM(dates_name_a_moment_or_a_whole_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
