#include "support/rows.h"
#include "support/test.h"

#include "domain/array.h"
#include "domain/document.h"

static void assert_json(const bson_t *document, const char *wanted)
{
    AUTO(arena) struct arena *arena = arena_new();

    assert_true(bson_equal(document, test_document(arena, wanted)));
}

static void elements_of_every_kind_are_numbered_in_the_order_they_come(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const bson_t *other = test_document(arena, "{'a':true}");
    bson_t *out = document_new(arena);
    struct array array;
    bson_iter_t value;
    bson_t item;

    (void)state;
    array_begin(out, "list", &array);
    array_add_text(&array, STR("first"));
    array_begin_document(&array, &item);
    BSON_APPEND_UTF8(&item, "b", "second");
    array_end_document(&array, &item);
    array_add_document(&array, other);
    document_find(other, "a", &value);
    array_add_value(&array, &value);
    array_add_int64(&array, 5000000000);
    assert_int_equal(array.count, 5);
    array_end(&array);
    BSON_APPEND_BOOL(out, "after", true);
    assert_json(out, "{'list':['first',{'b':'second'},{'a':true},true,5000000000],'after':true}");
    assert_true(document_find(out, "list.4", &value));
}

static void a_text_may_be_a_part_of_another_and_an_absent_one_is_empty(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    bson_t *out = document_new(arena);
    struct array array;

    (void)state;
    array_begin(out, "list", &array);
    array_add_text(&array, (struct str){"abc", 2});
    array_add_text(&array, (struct str){NULL, 0});
    array_end(&array);
    assert_json(out, "{'list':['ab','']}");
}

static void lists_of_texts_are_appended_whole_even_when_empty(void **state)
{
    static const char *const texts[] = {"a", "b"};
    AUTO(arena) struct arena *arena = arena_new();
    bson_t *out = document_new(arena);

    (void)state;
    array_append_texts(out, "two", texts, 2);
    array_append_texts(out, "none", NULL, 0);
    assert_json(out, "{'two':['a','b'],'none':[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_of_every_kind_are_numbered_in_the_order_they_come),
        cmocka_unit_test(a_text_may_be_a_part_of_another_and_an_absent_one_is_empty),
        cmocka_unit_test(lists_of_texts_are_appended_whole_even_when_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
