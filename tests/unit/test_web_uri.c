#include "web/web_uri.h"

#include "support/test.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_segment(const char *raw, const char *expected)
{
    struct str decoded;

    assert_true(web_uri_decode_segment(arena, str_from(raw), &decoded));
    assert_string_equal(decoded.p, expected);
    assert_int_equal(decoded.n, strlen(expected));
}

static void assert_query(const char *query, const char *expected)
{
    struct str value = web_uri_query_value(arena, str_from(query), "q");

    assert_string_equal(value.p, expected);
    assert_int_equal(value.n, strlen(expected));
}

static void percent_sequences_become_their_bytes(void **state)
{
    (void)state;
    assert_segment("plain", "plain");
    assert_segment("a%20b", "a b");
    assert_segment("%c3%A9", "\xc3\xa9");
    assert_segment("a%2Fb%2fc", "a/b/c");
    assert_segment("100%25", "100%");
}

static void a_plus_in_a_path_is_a_plus(void **state)
{
    (void)state;
    assert_segment("a+b", "a+b");
}

static void a_malformed_segment_is_refused(void **state)
{
    const char *const bad[] = {"%", "a%", "a%2", "%zz", "%2", "%g0", "%0g", "% 20", "%%20"};
    struct str decoded;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(web_uri_decode_segment(arena, str_from(bad[i]), &decoded));
    }
}

static void a_nul_in_a_segment_is_refused(void **state)
{
    struct str decoded;

    (void)state;
    assert_false(web_uri_decode_segment(arena, STR("job%00"), &decoded));
}

static void the_first_parameter_of_a_name_counts(void **state)
{
    (void)state;
    assert_query("a=1&q=two&q=three", "two");
    assert_query("q=x", "x");
    assert_query("&&q=x&", "x");
}

static void parameters_are_decoded_as_forms_send_them(void **state)
{
    (void)state;
    assert_query("q=a+b%2Bc%26d", "a b+c&d");
    assert_query("%71=name", "name");
    assert_query("q=a=b", "a=b");
}

static void a_parameter_without_value_is_empty(void **state)
{
    (void)state;
    assert_query("q=", "");
    assert_query("q", "");
}

static void a_malformed_parameter_stays_as_it_was_sent(void **state)
{
    (void)state;
    assert_query("q=50%", "50%");
    assert_query("q=%zz%2", "%zz%2");
    assert_query("q=a%00b", "a%00b");
}

static void a_missing_parameter_is_absent(void **state)
{
    (void)state;
    assert_null(web_uri_query_value(arena, STR("qq=1&Q=2&x=q"), "q").p);
    assert_null(web_uri_query_value(arena, STR(""), "q").p);
    assert_null(web_uri_query_value(arena, (struct str){NULL, 0}, "q").p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percent_sequences_become_their_bytes),
        cmocka_unit_test(a_plus_in_a_path_is_a_plus),
        cmocka_unit_test(a_malformed_segment_is_refused),
        cmocka_unit_test(a_nul_in_a_segment_is_refused),
        cmocka_unit_test(the_first_parameter_of_a_name_counts),
        cmocka_unit_test(parameters_are_decoded_as_forms_send_them),
        cmocka_unit_test(a_parameter_without_value_is_empty),
        cmocka_unit_test(a_malformed_parameter_stays_as_it_was_sent),
        cmocka_unit_test(a_missing_parameter_is_absent),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
