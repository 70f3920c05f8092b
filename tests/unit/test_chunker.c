#include "support/test.h"

#include "domain/chunker.h"

#include <stdio.h>

enum { KB = 1024, CHUNK_ROWS = 250, CHUNK_BYTES = 512 * KB, MOST_BYTES = 900 * KB };

struct cut {
    struct arena *arena;
    struct chunk_plan plan;
};

static int open_cut(void **state)
{
    struct cut *cut = mem_calloc(1, sizeof(*cut));

    cut->arena = arena_new();
    *state = cut;
    return 0;
}

static int close_cut(void **state)
{
    struct cut *cut = *state;

    arena_free(cut->arena);
    mem_free(cut);
    return 0;
}

/* Cuts `count` rows of the same size in one lane. */
static const struct chunk_plan *cut_alike(struct cut *cut, size_t count, size_t bytes)
{
    struct chunk_limits limits = {CHUNK_ROWS, CHUNK_BYTES, MOST_BYTES, 1};
    struct chunk_row *rows = arena_calloc(cut->arena, count, sizeof(*rows));

    for (size_t i = 0; i < count; i++) {
        rows[i].bytes = bytes;
    }
    chunker_cut(cut->arena, rows, count, &limits, &cut->plan);
    return &cut->plan;
}

static void small_rows_travel_in_chunks_of_250(void **state)
{
    const struct chunk_plan *plan = cut_alike(*state, 600, 700);

    assert_int_equal(plan->span_count, 3);
    assert_int_equal(plan->spans[0].count, 250);
    assert_int_equal(plan->spans[1].count, 250);
    assert_int_equal(plan->spans[2].count, 100);
    assert_int_equal(plan->spans[2].first, 500);
    assert_int_equal(plan->spans[2].number, 2);
}

static void rows_of_nine_kilobytes_are_cut_into_whole_search_batches(void **state)
{
    const struct chunk_plan *plan = cut_alike(*state, 120, 9 * KB);

    assert_int_equal(plan->span_count, 3);
    assert_int_equal(plan->spans[0].count, 50);
    assert_int_equal(plan->spans[1].count, 50);
    assert_int_equal(plan->spans[2].count, 20);
}

static void a_chunk_grows_past_its_size_when_that_completes_a_batch(void **state)
{
    const struct chunk_plan *plan = cut_alike(*state, 100, 14 * KB);

    assert_int_equal(plan->span_count, 2);
    assert_int_equal(plan->spans[0].count, 50);
}

static void a_chunk_never_passes_the_hard_limit(void **state)
{
    const struct chunk_plan *plan = cut_alike(*state, 50, 20 * KB);

    assert_int_equal(plan->spans[0].count, 25);
    assert_int_equal(plan->spans[1].count, 25);
}

static void a_row_above_every_limit_travels_alone(void **state)
{
    const struct chunk_plan *plan = cut_alike(*state, 3, 901 * KB);

    assert_int_equal(plan->span_count, 3);
    assert_int_equal(plan->spans[1].count, 1);
}

static void no_rows_make_no_chunk(void **state)
{
    assert_int_equal(cut_alike(*state, 0, 0)->span_count, 0);
}

static void each_lane_numbers_its_chunks_in_steps_of_the_lanes(void **state)
{
    struct cut *cut = *state;
    struct chunk_limits limits = {2, CHUNK_BYTES, MOST_BYTES, 3};
    struct chunk_row rows[] = {{10, 2}, {10, 0}, {10, 2}, {10, 2}, {10, 0}};

    chunker_cut(cut->arena, rows, 5, &limits, &cut->plan);
    assert_int_equal(cut->plan.span_count, 3);
    assert_int_equal(cut->plan.spans[0].number, 0);
    assert_int_equal(cut->plan.order[0], 1);
    assert_int_equal(cut->plan.order[1], 4);
    assert_int_equal(cut->plan.spans[1].number, 2);
    assert_int_equal(cut->plan.spans[2].number, 5);
    assert_int_equal(cut->plan.order[cut->plan.spans[2].first], 3);
}

static void a_code_has_one_lane_and_codes_spread_over_all(void **state)
{
    size_t seen[4] = {0};
    char code[16];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(code, sizeof(code), "SKU-%04d", i);
        uint32_t lane = chunker_lane((struct str){code, (size_t)n}, 4);

        assert_int_equal(chunker_lane((struct str){code, (size_t)n}, 4), lane);
        seen[lane]++;
    }
    for (int lane = 0; lane < 4; lane++) {
        assert_in_range(seen[lane], 150, 350);
    }
}

static void another_cut_has_another_fingerprint(void **state)
{
    uint64_t first = cut_alike(*state, 600, 700)->fingerprint;

    assert_true(cut_alike(*state, 600, 700)->fingerprint == first);
    assert_false(cut_alike(*state, 601, 700)->fingerprint == first);
    assert_false(cut_alike(*state, 600, 9 * KB)->fingerprint == first);
}

static void a_framed_plan_has_one_row_before_it_and_no_row_behind_it(void **state)
{
    struct cut *cut = *state;
    uint64_t bare = cut_alike(cut, 300, 100)->fingerprint;
    const struct chunk_plan *plan = &cut->plan;

    chunker_frame(cut->arena, 300, &cut->plan);
    assert_int_equal(plan->span_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(plan->spans[i].number, i);
        assert_int_equal(plan->spans[i].lane, 0);
    }
    assert_int_equal(plan->spans[0].count, 1);
    assert_int_equal(plan->order[plan->spans[0].first], 300);
    assert_int_equal(plan->spans[1].count, 250);
    assert_int_equal(plan->order[plan->spans[1].first], 0);
    assert_int_equal(plan->spans[2].count, 50);
    assert_int_equal(plan->order[plan->spans[2].first], 250);
    assert_int_equal(plan->spans[3].count, 0);
    assert_int_equal(plan->row_count, 301);
    assert_false(plan->fingerprint == bare);
    cut_alike(cut, 0, 100);
    chunker_frame(cut->arena, 0, &cut->plan);
    assert_int_equal(plan->span_count, 2);
    assert_int_equal(plan->order[plan->spans[0].first], 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_cut, close_cut)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(small_rows_travel_in_chunks_of_250),
        CASE(rows_of_nine_kilobytes_are_cut_into_whole_search_batches),
        CASE(a_chunk_grows_past_its_size_when_that_completes_a_batch),
        CASE(a_chunk_never_passes_the_hard_limit),
        CASE(a_row_above_every_limit_travels_alone),
        CASE(no_rows_make_no_chunk),
        CASE(each_lane_numbers_its_chunks_in_steps_of_the_lanes),
        CASE(a_code_has_one_lane_and_codes_spread_over_all),
        CASE(another_cut_has_another_fingerprint),
        CASE(a_framed_plan_has_one_row_before_it_and_no_row_behind_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
