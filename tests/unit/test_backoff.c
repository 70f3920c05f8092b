#include "support/test.h"

#include "config/config.h"
#include "runtime/backoff.h"
#include "runtime/runtime.h"

enum { MIN_MS = 250, MAX_MS = 30000 };

static void every_delay_lies_between_the_bounds(void **state)
{
    (void)state;
    for (unsigned attempt = 0; attempt < 80; attempt++) {
        for (uint64_t i = 0; i < 1000; i++) {
            int64_t ms = backoff_full_jitter_ms(MIN_MS, MAX_MS, attempt, i * 0x9e3779b97f4a7c15u);

            assert_in_range(ms, MIN_MS, MAX_MS);
        }
    }
}

static void the_first_delay_is_at_most_twice_the_shortest(void **state)
{
    (void)state;
    assert_int_equal(backoff_full_jitter_ms(MIN_MS, MAX_MS, 0, 0), MIN_MS);
    assert_int_equal(backoff_full_jitter_ms(MIN_MS, MAX_MS, 0, MIN_MS), 2 * MIN_MS);
    assert_int_equal(backoff_full_jitter_ms(MIN_MS, MAX_MS, 0, MIN_MS + 1), MIN_MS);
}

static void each_attempt_doubles_the_range_until_the_longest_delay(void **state)
{
    int64_t ceiling_ms = 2 * MIN_MS;

    (void)state;
    for (unsigned attempt = 0; attempt < 20; attempt++) {
        uint64_t last = (uint64_t)(ceiling_ms - MIN_MS);

        assert_int_equal(backoff_full_jitter_ms(MIN_MS, MAX_MS, attempt, last), ceiling_ms);
        assert_int_equal(backoff_full_jitter_ms(MIN_MS, MAX_MS, attempt, last + 1), MIN_MS);
        ceiling_ms = ceiling_ms * 2 < MAX_MS ? ceiling_ms * 2 : MAX_MS;
    }
}

static void a_longest_delay_below_the_shortest_gives_the_shortest(void **state)
{
    (void)state;
    assert_int_equal(backoff_full_jitter_ms(500, 100, 7, UINT64_MAX), 500);
    assert_int_equal(backoff_full_jitter_ms(500, 500, 7, UINT64_MAX), 500);
}

static void a_huge_bound_does_not_overflow(void **state)
{
    (void)state;
    assert_true(backoff_full_jitter_ms(1, INT64_MAX, 4000000000u, UINT64_MAX) >= 1);
}

static void the_configured_bounds_are_kept(void **state)
{
    const struct config config = {.retry_min_ms = 3, .retry_max_ms = 9};

    (void)state;
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        assert_in_range(runtime_backoff_ms(&config, attempt), 3, 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_delay_lies_between_the_bounds),
        cmocka_unit_test(the_first_delay_is_at_most_twice_the_shortest),
        cmocka_unit_test(each_attempt_doubles_the_range_until_the_longest_delay),
        cmocka_unit_test(a_longest_delay_below_the_shortest_gives_the_shortest),
        cmocka_unit_test(a_huge_bound_does_not_overflow),
        cmocka_unit_test(the_configured_bounds_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
