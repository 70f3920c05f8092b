#include "support/test.h"

#include "domain/trace.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void the_trace_of_the_caller_is_taken_over(void **state)
{
    char id[TRACE_ID_SIZE];

    (void)state;
    assert_true(trace_read_parent(STR("00-" TRACE "-" SPAN "-01"), id));
    assert_string_equal(id, TRACE);
    assert_true(trace_read_parent(STR("01-" TRACE "-" SPAN "-00-later"), id));
}

static void a_malformed_traceparent_is_as_good_as_none(void **state)
{
    static const struct str malformed[] = {
        {NULL, 0},
        STR(""),
        STR("00-" TRACE "-" SPAN),
        STR("00-" TRACE "-" SPAN "-01x"),
        STR("00-" TRACE "-" SPAN "-01-more"),
        STR("ff-" TRACE "-" SPAN "-01"),
        STR("00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01"),
        STR("00-00000000000000000000000000000000-" SPAN "-01"),
        STR("00-" TRACE "-0000000000000000-01"),
        STR("00_" TRACE "-" SPAN "-01"),
        STR("00-" TRACE "-" SPAN "-0g"),
    };
    char id[TRACE_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        assert_false(trace_read_parent(malformed[i], id));
    }
}

static void what_is_written_can_be_read(void **state)
{
    const uint8_t random[24] = {0xab, 1, 2, 3};
    char id[TRACE_ID_SIZE];
    char parent[TRACE_PARENT_SIZE];
    char read[TRACE_ID_SIZE];

    (void)state;
    trace_make_id(random, id);
    trace_write_parent(id, random, parent);
    assert_true(trace_read_parent(str_from(parent), read));
    assert_string_equal(read, id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trace_of_the_caller_is_taken_over),
        cmocka_unit_test(a_malformed_traceparent_is_as_good_as_none),
        cmocka_unit_test(what_is_written_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
