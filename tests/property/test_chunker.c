#include "support/test.h"

#include "domain/chunker.h"

enum { ROUNDS = 500, MAX_ROWS = 1500, ROW_OVERHEAD = 24 };

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t random_below(size_t limit)
{
    return (size_t)(next_random() % limit);
}

struct job {
    struct arena *arena;
    struct chunk_row *rows;
    size_t row_count;
    struct chunk_limits limits;
    struct chunk_plan plan;
};

/* Mostly small rows, some that fill a chunk alone; limits small enough that every rule is met
 * often. */
static void make_job(struct job *job)
{
    job->row_count = random_below(MAX_ROWS);
    job->rows = arena_calloc(job->arena, job->row_count, sizeof(*job->rows));
    job->limits = (struct chunk_limits){.rows = 1 + random_below(300),
                                        .bytes = 1000 + random_below(50000),
                                        .lanes = 1 + (uint32_t)random_below(8)};
    job->limits.most_bytes = job->limits.bytes + random_below(50000);
    for (size_t i = 0; i < job->row_count; i++) {
        job->rows[i].bytes = random_below(random_below(10) ? 900 : 60000);
        job->rows[i].lane = (uint32_t)random_below(job->limits.lanes);
    }
    chunker_cut(job->arena, job->rows, job->row_count, &job->limits, &job->plan);
}

static size_t span_bytes(const struct job *job, const struct chunk_span *span)
{
    size_t bytes = 0;

    for (size_t i = 0; i < span->count; i++) {
        bytes += job->rows[job->plan.order[span->first + i]].bytes + ROW_OVERHEAD;
    }
    return bytes;
}

static void check_limits(const struct job *job, const struct chunk_span *span)
{
    assert_in_range(span->count, 1, job->limits.rows);
    if (span->count > 1) {
        assert_in_range(span_bytes(job, span), 0, job->limits.most_bytes);
    }
    if (span->count > CHUNKER_BATCH_ROWS) {
        assert_in_range(span_bytes(job, span), 0, job->limits.bytes);
    }
}

/* The spans lie one behind the other over the whole order, and each lane counts in its own steps.
 */
static void check_spans(const struct job *job)
{
    size_t chunks_of[8] = {0};
    size_t next = 0;

    for (size_t i = 0; i < job->plan.span_count; i++) {
        const struct chunk_span *span = &job->plan.spans[i];

        assert_int_equal(span->first, next);
        assert_int_equal(span->number, span->lane + chunks_of[span->lane]++ * job->limits.lanes);
        check_limits(job, span);
        next += span->count;
    }
    assert_int_equal(next, job->row_count);
}

/* Every row once, in its own lane, and a lane's rows in the order of the request. */
static void check_rows(const struct job *job)
{
    unsigned char *seen = arena_calloc(job->arena, job->row_count, 1);
    int64_t last[8] = {-1, -1, -1, -1, -1, -1, -1, -1};

    for (size_t i = 0; i < job->plan.span_count; i++) {
        const struct chunk_span *span = &job->plan.spans[i];

        for (size_t k = 0; k < span->count; k++) {
            uint32_t row = job->plan.order[span->first + k];

            assert_int_equal(seen[row]++, 0);
            assert_int_equal(job->rows[row].lane, span->lane);
            assert_true((int64_t)row > last[span->lane]);
            last[span->lane] = row;
        }
    }
}

static void every_row_travels_exactly_once_in_order_and_within_limits(void **state)
{
    struct job job = {0};

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        job.arena = arena_new();
        make_job(&job);
        check_spans(&job);
        check_rows(&job);
        arena_free(job.arena);
    }
}

static void cutting_twice_gives_the_same_chunks(void **state)
{
    struct job job = {0};

    (void)state;
    for (int round = 0; round < ROUNDS / 10; round++) {
        struct chunk_plan again;

        job.arena = arena_new();
        make_job(&job);
        chunker_cut(job.arena, job.rows, job.row_count, &job.limits, &again);
        assert_true(again.fingerprint == job.plan.fingerprint);
        assert_int_equal(again.span_count, job.plan.span_count);
        arena_free(job.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_travels_exactly_once_in_order_and_within_limits),
        cmocka_unit_test(cutting_twice_gives_the_same_chunks),
    };

    random_state = test_seed() | 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
