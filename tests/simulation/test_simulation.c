#include "simulation/simulate.h"
#include "support/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Mutations must be seen within so many seeds. */
enum { FIRST_SEED = 1, DEFAULT_SEEDS = 500, MUTATION_SEEDS = 5000 };

static uint64_t number_of(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : fallback;
}

/* True when the seed's world is as it should be; else tells what is wrong, and how it came. */
static bool explain(uint64_t seed)
{
    const char *violation = simulate(seed, MUTATION_NONE, false);

    if (!violation) {
        return true;
    }
    fprintf(stderr, "\nseed %llu: %s\n", (unsigned long long)seed, violation);
    (void)simulate(seed, MUTATION_NONE, true);
    fprintf(stderr, "CONSIGN_SEED=%llu runs this history again\n", (unsigned long long)seed);
    return false;
}

static bool run_share(uint64_t first, uint64_t last, uint64_t stride)
{
    for (uint64_t seed = first; seed <= last; seed += stride) {
        if (!explain(seed)) {
            return false;
        }
    }
    return true;
}

static pid_t start_share(uint64_t first, uint64_t last, uint64_t stride)
{
    pid_t pid = fork();

    if (pid == 0) {
        signal(SIGFPE, SIG_DFL); /* cmocka's handler would go on with the next test */
        signal(SIGSEGV, SIG_DFL);
        bool ok = run_share(first, last, stride);

        world_end();
        _exit(ok ? 0 : 1);
    }
    return pid;
}

static void nothing_is_lost_and_nothing_is_twice_in_any_history(void **state)
{
    uint64_t seeds = number_of("CONSIGN_SIMULATION_SEEDS", DEFAULT_SEEDS);
    uint64_t only = number_of("CONSIGN_SEED", 0);
    uint64_t shares = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    int failures = 0;
    int status;

    (void)state;
    if (only) {
        (void)simulate(only, MUTATION_NONE, true);
        assert_null(world_violation());
        return;
    }
    for (uint64_t i = 0; i < shares; i++) {
        assert_true(start_share(FIRST_SEED + i, seeds, shares) > 0);
    }
    while (wait(&status) > 0) {
        failures += status != 0;
    }
    assert_int_equal(failures, 0);
    printf("%llu histories\n", (unsigned long long)seeds);
}

static void a_seed_is_one_history(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        char first[512] = "";
        const char *violation = simulate(seed, MUTATION_RECEIPT, false);

        snprintf(first, sizeof(first), "%s", violation ? violation : "");
        violation = simulate(seed, MUTATION_RECEIPT, false);
        assert_string_equal(violation ? violation : "", first);
    }
}

static void assert_noticed(enum mutation mutation)
{
    for (uint64_t seed = FIRST_SEED; seed <= MUTATION_SEEDS; seed++) {
        const char *violation = simulate(seed, mutation, false);

        if (violation) {
            printf("noticed at seed %llu: %s\n", (unsigned long long)seed, violation);
            return;
        }
    }
    fail_msg("%d seeds went by and nothing was noticed", MUTATION_SEEDS);
}

#define MUTATION_TEST(name, mutation)                                                              \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        assert_noticed(mutation);                                                                  \
    }

MUTATION_TEST(the_checker_notices_that_receipts_are_off, MUTATION_RECEIPT)
MUTATION_TEST(the_checker_notices_that_the_trackers_guard_is_off, MUTATION_TRACKER_GUARD)
MUTATION_TEST(the_checker_notices_that_indexed_batches_are_not_guarded, MUTATION_INDEXED_GUARD)
MUTATION_TEST(the_checker_notices_that_external_versions_are_off, MUTATION_EXTERNAL_VERSION)
MUTATION_TEST(the_checker_notices_that_the_acceptance_gate_is_off, MUTATION_ACCEPTANCE_GATE)
MUTATION_TEST(the_checker_notices_that_write_conflicts_are_off, MUTATION_WRITE_CONFLICT)

static int end_world(void **state)
{
    (void)state;
    world_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_and_nothing_is_twice_in_any_history),
        cmocka_unit_test(a_seed_is_one_history),
        cmocka_unit_test(the_checker_notices_that_receipts_are_off),
        cmocka_unit_test(the_checker_notices_that_the_trackers_guard_is_off),
        cmocka_unit_test(the_checker_notices_that_indexed_batches_are_not_guarded),
        cmocka_unit_test(the_checker_notices_that_external_versions_are_off),
        cmocka_unit_test(the_checker_notices_that_the_acceptance_gate_is_off),
        cmocka_unit_test(the_checker_notices_that_write_conflicts_are_off),
    };

    return cmocka_run_group_tests(tests, NULL, end_world);
}
