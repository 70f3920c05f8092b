#include "domain/catalog_fields.h"
#include "domain/document.h"
#include "domain/product_fields.h"
#include "support/rows.h"
#include "support/test.h"

#include <string.h>

static void setting_a_path_makes_what_is_missing_and_keeps_the_rest(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const bson_t *value = test_document(arena, "{'v':7}");
    bson_iter_t it;

    (void)state;
    bson_iter_init_find(&it, value, "v");
    const bson_t *out =
        document_set(arena, test_document(arena, "{'a':{'b':1},'l':[{'x':1}]}"), "a.c.d", &it);
    out = document_set(arena, out, "l.0.x", &it);
    out = document_set(arena, out, "a.b", &it);
    assert_string_equal(test_json(arena, out, NULL), "{'a':{'b':7,'c':{'d':7}},'l':[{'x':7}]}");
}

static void merging_goes_key_by_key_and_keeps_the_old_order(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    const bson_t *out =
        document_merge(arena, test_document(arena, "{'a':1,'b':{'x':1,'y':[1,2]},'c':3}"),
                       test_document(arena, "{'c':4,'b':{'y':[9],'z':null},'d':5}"));
    assert_string_equal(test_json(arena, out, NULL),
                        "{'a':1,'b':{'x':1,'y':[9],'z':null},'c':4,'d':5}");
}

static void equality_ignores_key_order_and_number_width_but_nothing_else(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"{'a':1,'b':{'c':2.0}}", "{'b':{'c':2},'a':1}", true},
        {"{'a':[1,2]}", "{'a':[2,1]}", false},
        {"{'a':1}", "{'a':1,'b':null}", false},
        {"{'a':'1'}", "{'a':1}", false},
        {"{'a':null}", "{'a':null}", true},
        {"{'a':true}", "{'a':false}", false},
        {"{'a':9007199254740993}", "{'a':9007199254740992}", false},
    };
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (document_equal(test_document(arena, cases[i].a), test_document(arena, cases[i].b),
                           NULL) != cases[i].equal) {
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        }
    }
}

static void only_values_with_something_inside_have_content(void **state)
{
    static const char *const empty[] = {"null", "''", "{}", "[]", "{'a':null,'b':['']}"};
    static const char *const full[] = {"0", "false", "'x'", "[0]", "{'a':{'b':'x'}}"};
    AUTO(arena) struct arena *arena = arena_new();
    bson_iter_t it;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        bson_iter_init_find(&it, test_document(arena, arena_printf(arena, "{'v':%s}", empty[i])),
                            "v");
        assert_false(document_has_content(&it));
        bson_iter_init_find(&it, test_document(arena, arena_printf(arena, "{'v':%s}", full[i])),
                            "v");
        assert_true(document_has_content(&it));
    }
}

static void assert_sorted(const struct field_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        assert_ptr_equal(field_find(table, table->fields[i].name), &table->fields[i]);
        if (table->fields[i].fields) {
            assert_sorted(table->fields[i].fields);
        }
    }
}

static void every_known_product_field_is_found_by_its_name(void **state)
{
    (void)state;
    assert_sorted(&product_fields);
    assert_sorted(&synonym_dictionary_fields);
    assert_null(field_find(&product_fields, "no_such_field"));
}

static void a_broken_source_is_refused_with_the_field_named(void **state)
{
    static const struct {
        const char *source;
        const char *word;
    } cases[] = {
        {"{'source_id':7}", "source_id"},
        {"{'name':''}", "name"},
        {"{'field_mappings':7}", "field_mappings"},
        {"{'field_mappings':[{'source_field':'a'}]}", "target_field"},
        {"{'field_mappings':{'a':'$b'}}", "target_field"},
        {"{'field_mappings':[{'source_field':'a','target_field':'b','transform':'rot13'}]}",
         "rot13"},
        {"{'locked_fields':['a',7]}", "locked_fields/1"},
        {"{'required_fields':'a'}", "required_fields"},
        {"{'auto_publish_enabled':'yes'}", "auto_publish_enabled"},
        {"{'min_score_threshold':101}", "min_score_threshold"},
        {"{'unchanged':'never'}", "unchanged"},
    };
    AUTO(arena) struct arena *arena = arena_new();
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(settings_check_source(test_document(arena, cases[i].source), &err));
        if (!strstr(err.msg, cases[i].word)) {
            fail_msg("%s: %s", cases[i].source, err.msg);
        }
    }
    assert_ok(settings_check_source(
                  test_document(arena, "{'source_id':'s','name':'n','field_mappings':null,"
                                       "'min_score_threshold':80,'unchanged':'skip'}"),
                  &err),
              &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_a_path_makes_what_is_missing_and_keeps_the_rest),
        cmocka_unit_test(merging_goes_key_by_key_and_keeps_the_old_order),
        cmocka_unit_test(equality_ignores_key_order_and_number_width_but_nothing_else),
        cmocka_unit_test(only_values_with_something_inside_have_content),
        cmocka_unit_test(every_known_product_field_is_found_by_its_name),
        cmocka_unit_test(a_broken_source_is_refused_with_the_field_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
