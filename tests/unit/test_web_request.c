#include "web/web.h"

#include "support/test.h"
#include "web/web_headers.h"

static struct str cookie(const char *first_line, const char *second_line, const char *name)
{
    struct arena *arena = arena_new();
    struct web_headers *headers =
        arena_alloc(arena, sizeof(*headers) + 2 * sizeof(headers->items[0]));
    struct web_request request = {.headers = headers};

    headers->count = 2;
    headers->items[0].name = headers->items[1].name = STR("cookie");
    headers->items[0].value = str_from(first_line);
    headers->items[1].value = str_from(second_line);
    struct str value = web_cookie(&request, name);

    arena_free(arena);
    return value;
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    (void)state;
    assert_true(str_is(cookie("session=abc", "", "session"), "abc"));
    assert_true(str_is(cookie("a=1; session=abc; b=2", "", "session"), "abc"));
    assert_true(str_is(cookie("xsession=no;session=abc", "", "session"), "abc"));
    assert_true(str_is(cookie("sessionx=no; session=abc", "", "session"), "abc"));
    assert_null(cookie("xsession=1; sessionx=2; session", "", "session").p);
}

static void a_cookie_may_stand_in_the_second_header(void **state)
{
    (void)state;
    assert_true(str_is(cookie("a=1", "session=abc", "session"), "abc"));
    assert_true(str_is(cookie("session=first", "session=second", "session"), "first"));
}

static void a_cookie_value_is_not_changed(void **state)
{
    (void)state;
    assert_true(str_is(cookie("t=a=b%20c", "", "t"), "a=b%20c"));
    assert_true(str_is(cookie("t=", "", "t"), ""));
    assert_non_null(cookie("t=", "", "t").p);
}

static void damaged_cookie_lines_hold_no_cookie(void **state)
{
    (void)state;
    assert_null(cookie("", "", "t").p);
    assert_null(cookie(";;; ;", "=", "t").p);
    assert_null(cookie("t", "t ", "t").p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
        cmocka_unit_test(a_cookie_may_stand_in_the_second_header),
        cmocka_unit_test(a_cookie_value_is_not_changed),
        cmocka_unit_test(damaged_cookie_lines_hold_no_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
