#include "support/test.h"

#include "base/mem.h"
#include "domain/batch.h"
#include "domain/document.h"

#include <bson/bson.h>
#include <string.h>

/*
 * For any set of jobs: what a batch adds up to depends on the set alone, not on the order in which
 * the jobs ended; it is the sum over the newest job of each part; and the summary says the same
 * before and after a job was folded.
 */

enum { ROUNDS = 400, JOBS_MAX = 12, PARTS_MAX = 6 };

struct gen {
    uint64_t state;
};

/* splitmix64 */
static uint32_t below(struct gen *gen, uint32_t limit)
{
    uint64_t z = gen->state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % limit);
}

struct feed {
    int64_t total_parts;
    size_t count;
    struct {
        int64_t sent_at;
        int64_t part;
        int64_t total;
        int64_t failed;
        bool is_failed;
    } jobs[JOBS_MAX];
};

static struct feed draw_feed(struct gen *gen)
{
    struct feed feed = {.total_parts = 1 + below(gen, PARTS_MAX),
                        .count = 1 + below(gen, JOBS_MAX)};

    for (size_t i = 0; i < feed.count; i++) {
        feed.jobs[i].sent_at = 1700000000000 + (int64_t)(i * 7);
        feed.jobs[i].part = 1 + below(gen, (uint32_t)feed.total_parts);
        feed.jobs[i].total = 1 + below(gen, 50);
        feed.jobs[i].failed = below(gen, (uint32_t)feed.jobs[i].total + 1);
        feed.jobs[i].is_failed = below(gen, 10) == 0;
    }
    return feed;
}

static bson_t *draw_job(struct arena *arena, const struct feed *feed, size_t i)
{
    static const char *const prefixes[] = {"import", "queue_import", "api_import"};
    bson_t *job = document_new(arena);

    BSON_APPEND_UTF8(job, "_id",
                     arena_printf(arena, "%s_%lld_abc%zu", prefixes[i % 3],
                                  (long long)feed->jobs[i].sent_at, i));
    BSON_APPEND_UTF8(job, "batch_id", "b");
    BSON_APPEND_UTF8(job, "status", feed->jobs[i].is_failed ? "failed" : "completed");
    BSON_APPEND_INT64(job, "batch_part", feed->jobs[i].part);
    BSON_APPEND_INT64(job, "batch_total_parts", feed->total_parts);
    BSON_APPEND_INT64(job, "total_rows", feed->jobs[i].total);
    BSON_APPEND_INT64(job, "processed_rows", feed->jobs[i].total);
    BSON_APPEND_INT64(job, "successful_rows", feed->jobs[i].total - feed->jobs[i].failed);
    BSON_APPEND_INT64(job, "failed_rows", feed->jobs[i].failed);
    return job;
}

/* The batch document after the first `folded` jobs of `order` were folded. */
static bson_t *fold(struct arena *arena, const struct feed *feed, const size_t *order,
                    size_t folded)
{
    bson_t *batch = document_new(arena);
    bson_t jobs;

    BSON_APPEND_UTF8(batch, "batch_id", "b");
    BSON_APPEND_INT64(batch, "total_parts", feed->total_parts);
    bson_append_document_begin(batch, "jobs", -1, &jobs);
    for (size_t i = 0; i < folded; i++) {
        const bson_t *job = draw_job(arena, feed, order[i]);
        bson_t *entry = batch_entry(job);

        BSON_APPEND_DOCUMENT(&jobs, document_text(job, "_id"), entry);
        bson_destroy(entry);
    }
    bson_append_document_end(batch, &jobs);
    return batch;
}

static void shuffle(struct gen *gen, size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = count; i > 1; i--) {
        size_t j = below(gen, (uint32_t)i);
        size_t kept = order[i - 1];

        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* What must come out, said in the plainest way: jobs stand in order of their age. */
static struct batch_totals expected(const struct feed *feed)
{
    struct batch_totals totals = {.is_complete = true};

    for (int64_t part = 1; part <= feed->total_parts; part++) {
        size_t newest = feed->count;

        for (size_t i = 0; i < feed->count; i++) {
            newest = feed->jobs[i].part == part ? i : newest;
        }
        bool is_done = newest < feed->count && !feed->jobs[newest].is_failed;

        totals.is_complete = totals.is_complete && is_done;
        totals.parts_done += is_done;
        if (newest < feed->count) {
            totals.rows_total += feed->jobs[newest].total;
            totals.rows_failed += feed->jobs[newest].failed;
            totals.rows_successful += feed->jobs[newest].total - feed->jobs[newest].failed;
        }
    }
    return totals;
}

static void jobs_of_a_batch_add_up_alike_in_whatever_order_they_end(void **state)
{
    struct gen gen = {test_seed()};

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct feed feed = draw_feed(&gen);
        size_t order[JOBS_MAX];

        shuffle(&gen, order, feed.count);
        struct batch_totals got = batch_compute(fold(arena, &feed, order, feed.count));
        struct batch_totals want = expected(&feed);

        assert_int_equal(got.parts_done, want.parts_done);
        assert_int_equal(got.rows_total, want.rows_total);
        assert_int_equal(got.rows_successful, want.rows_successful);
        assert_int_equal(got.rows_failed, want.rows_failed);
        assert_int_equal(got.is_complete, want.is_complete);
    }
}

static bson_t *summarise(struct arena *arena, const struct feed *feed, const size_t *order,
                         size_t folded)
{
    const bson_t *jobs[JOBS_MAX];

    for (size_t i = 0; i < feed->count; i++) {
        jobs[i] = draw_job(arena, feed, i);
    }
    return batch_summarise(folded ? fold(arena, feed, order, folded) : NULL, jobs, feed->count);
}

static void a_summary_does_not_show_how_far_the_folding_is(void **state)
{
    struct gen gen = {test_seed()};

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct feed feed = draw_feed(&gen);
        size_t order[JOBS_MAX];

        shuffle(&gen, order, feed.count);
        bson_t *before = summarise(arena, &feed, order, 0);
        bson_t *after = summarise(arena, &feed, order, below(&gen, (uint32_t)feed.count + 1));

        assert_true(bson_equal(before, after));
        bson_destroy(before);
        bson_destroy(after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_of_a_batch_add_up_alike_in_whatever_order_they_end),
        cmocka_unit_test(a_summary_does_not_show_how_far_the_folding_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
