#include "support/rows.h"
#include "support/test.h"

#include "domain/product_fields.h"
#include "domain/unknown.h"
#include "store/store.h"

#include <string.h>

/* ---- what was meant ---- */

static void a_misspelt_name_is_recognised(void **state)
{
    (void)state;
    assert_string_equal(unknown_meant(&product_fields, "prise"), "price");
    assert_string_equal(unknown_meant(&product_fields, "pirce"), "price");
    assert_string_equal(unknown_meant(&product_fields, "nmae"), "name");
    assert_string_equal(unknown_meant(&product_fields, "descripton"), "description");
    assert_string_equal(unknown_meant(&product_fields, "image"), "images");
    assert_string_equal(unknown_meant(&product_fields, "entitycode"), "entity_code");
    assert_string_equal(unknown_meant(&product_fields, "dimension_hight"), "dimension_height");
}

static void upper_case_is_no_other_name(void **state)
{
    (void)state;
    assert_string_equal(unknown_meant(&product_fields, "SKU"), "sku");
    assert_string_equal(unknown_meant(&product_fields, "Price"), "price");
}

static void a_name_of_its_own_is_nobodys_mistake(void **state)
{
    static const char *const names[] = {"colour", "shelf", "note", "cat", "x", "", "preis"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_null(unknown_meant(&product_fields, names[i]));
    }
}

static void the_nearest_of_several_names_wins(void **state)
{
    (void)state;
    assert_string_equal(unknown_meant(&product_fields, "meta_titel"), "meta_title");
    assert_string_equal(unknown_meant(&product_fields, "parent_skus"), "parent_sku");
}

static void a_very_long_name_is_near_to_none(void **state)
{
    char name[1000];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_null(unknown_meant(&product_fields, name));
}

/* ---- counting ---- */

static int set_up(void **state)
{
    return row_fixture_open(state, &entity_products);
}

static void outer_fields_in_no_table_are_counted_by_row(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'entity_code':'A','prise':1,'name':{'it':'x'},'pricing':{'prise':1}}");
    row_apply(bench, "{'entity_code':'B','shelf':null,'prise':2,'status':'draft','tenant':'x'}");
    assert_int_equal(bench->unknown.count, 2);
    assert_string_equal(bench->unknown.entries[0].name, "prise");
    assert_int_equal(bench->unknown.entries[0].count, 2);
    assert_string_equal(bench->unknown.entries[1].name, "shelf");
    assert_int_equal(bench->unknown.entries[1].count, 1);
}

static void names_are_those_after_the_mapping(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    bench->source_json = "{'source_id':'s','field_mappings':{'Codice':'sku','Prezzo':'prise'}}";
    row_apply(bench, "{'Codice':'A','Prezzo':1}");
    assert_int_equal(bench->unknown.count, 1);
    assert_string_equal(bench->unknown.entries[0].name, "prise");
}

static void a_tally_keeps_the_first_50_names_and_no_monsters(void **state)
{
    struct arena *arena = ((struct row_fixture *)*state)->arena;
    struct name_tally tally = {.arena = arena};
    char longest[TALLY_MAX_NAME_BYTES + 2] = "";

    memset(longest, 'x', TALLY_MAX_NAME_BYTES + 1);
    tally_add(&tally, longest, 1);
    assert_int_equal(tally.count, 0);
    tally_add(&tally, longest + 1, 1);
    assert_int_equal(tally.count, 1);
    for (int i = 0; i < 100; i++) {
        tally_add(&tally, arena_printf(arena, "name-%d", i), 1);
    }
    tally_add(&tally, "name-3", 5);
    assert_int_equal(tally.count, TALLY_MAX_NAMES);
    assert_string_equal(tally.entries[49].name, "name-48");
    assert_int_equal(tally.entries[4].count, 6);
}

static void what_is_stored_comes_back(void **state)
{
    struct arena *arena = ((struct row_fixture *)*state)->arena;
    struct name_tally tally = {.arena = arena};
    struct name_tally back = {.arena = arena};
    AUTO(bson) bson_t *document = bson_new();

    tally_add(&tally, "prise", 7);
    unknown_append(document, "unknown_fields", &tally);
    unknown_add_stored(&back, document, "unknown_fields");
    unknown_add_stored(&back, document, "unknown_fields");
    unknown_add_stored(&back, document, "nothing");
    assert_int_equal(back.count, 1);
    assert_int_equal(back.entries[0].count, 14);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misspelt_name_is_recognised),
        cmocka_unit_test(upper_case_is_no_other_name),
        cmocka_unit_test(a_name_of_its_own_is_nobodys_mistake),
        cmocka_unit_test(the_nearest_of_several_names_wins),
        cmocka_unit_test(a_very_long_name_is_near_to_none),
        CLAIM(outer_fields_in_no_table_are_counted_by_row),
        CLAIM(names_are_those_after_the_mapping),
        CLAIM(a_tally_keeps_the_first_50_names_and_no_monsters),
        CLAIM(what_is_stored_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
