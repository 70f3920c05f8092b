#include "support/test.h"

#include "base/clock.h"
#include "runtime/rounds.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct fixture {
    struct rounds *rounds;
    _Atomic int count;
    _Atomic int left; /* rounds that ask for another one, */
    int64_t pause_ms; /* so much later */
    _Atomic bool is_held;
};

static int64_t do_round(void *ctx)
{
    struct fixture *fixture = ctx;

    fixture->count++;
    while (fixture->is_held) {
    }
    return fixture->left > 0 && fixture->left-- > 0 ? fixture->pause_ms : -1;
}

static void open_rounds(struct fixture *fixture)
{
    struct rounds_options options = {.name = "test", .round = do_round, .ctx = fixture};
    struct err err;

    assert_ok(rounds_open(&options, &fixture->rounds, &err), &err);
}

static void await_count(const struct fixture *fixture, int count)
{
    int64_t deadline = clock_monotonic_ms() + 10000;

    while (fixture->count < count) {
        assert_true(clock_monotonic_ms() < deadline);
    }
}

static void nothing_is_done_before_somebody_wakes(void **state)
{
    struct fixture fixture = {0};

    (void)state;
    open_rounds(&fixture);
    rounds_close(fixture.rounds);
    assert_int_equal(fixture.count, 0);
}

static void rounds_follow_each_other_while_there_is_something_to_do(void **state)
{
    struct fixture fixture = {.left = 20, .pause_ms = 1};

    (void)state;
    open_rounds(&fixture);
    rounds_wake(fixture.rounds);
    await_count(&fixture, 21);
    rounds_close(fixture.rounds);
    assert_int_equal(fixture.count, 21);
}

static void a_wake_up_during_a_round_is_not_lost(void **state)
{
    struct fixture fixture = {.is_held = true};

    (void)state;
    open_rounds(&fixture);
    rounds_wake(fixture.rounds);
    await_count(&fixture, 1);
    rounds_wake(fixture.rounds);
    fixture.is_held = false;
    await_count(&fixture, 2);
    rounds_close(fixture.rounds);
}

static void closing_ends_a_long_pause(void **state)
{
    struct fixture fixture = {.left = 1, .pause_ms = 3600000};
    int64_t start = clock_monotonic_ms();

    (void)state;
    open_rounds(&fixture);
    rounds_wake(fixture.rounds);
    await_count(&fixture, 1);
    rounds_close(fixture.rounds);
    assert_true(clock_monotonic_ms() - start < 10000);
    rounds_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_done_before_somebody_wakes),
        cmocka_unit_test(rounds_follow_each_other_while_there_is_something_to_do),
        cmocka_unit_test(a_wake_up_during_a_round_is_not_lost),
        cmocka_unit_test(closing_ends_a_long_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
