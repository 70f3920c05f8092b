#include "support/test.h"

#include "domain/document.h"
#include "message/message.h"
#include "store/progress.h"
#include "support/database.h"
#include "support/gen.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What became searchable is counted once, in whatever order it is told. */

enum { FEEDS = 40, CHUNKS_MAX = 12, BATCHES = 5, MESSAGES_MAX = CHUNKS_MAX * BATCHES, RUN_MAX = 9 };

/* A job, and one message per search batch of it. */
struct feed {
    char id[48];
    uint32_t chunks;
    int64_t lanes; /* 0: one */
    struct chunk_done log[MESSAGES_MAX];
    size_t count;
};

static void append_total(bson_t *job, int64_t total_chunks)
{
    if (total_chunks > 0) {
        BSON_APPEND_INT64(job, "total_chunks", total_chunks);
    } else {
        BSON_APPEND_NULL(job, "total_chunks");
    }
}

static void insert_job(struct feed *feed, int64_t total_chunks)
{
    static int count;
    struct err err;

    snprintf(feed->id, sizeof(feed->id), "import_%d_indexed", count++);
    AUTO(bson)
    bson_t *job = BCON_NEW("_id", BCON_UTF8(feed->id), "tenant", "acme", "status", "completed",
                           "lanes", BCON_INT64(feed->lanes ? feed->lanes : 1), "indexed_rows",
                           BCON_INT64(0), "index_failed_rows", BCON_INT64(0));

    append_total(job, total_chunks);
    assert_ok(store_insert(database.session, "import_jobs", job, &err), &err);
}

/* Each batch does something else, so that one counted in place of another shows. */
static struct chunk_done message_of(const struct feed *feed, uint32_t chunk, uint32_t batch)
{
    return (struct chunk_done){.origin = {.job_id = feed->id,
                                          .tenant = "acme",
                                          .entity = "products",
                                          .chunk = chunk,
                                          .lanes = 1,
                                          .trace_id = ""},
                               .stage = CHUNK_INDEXED,
                               .batch = batch,
                               .indexed = 1 + chunk * chunk + batch,
                               .index_failed = batch};
}

static void make_feed(struct feed *feed, uint32_t chunks)
{
    insert_job(feed, chunks);
    feed->chunks = chunks;
    feed->count = 0;
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        for (uint32_t batch = 0; batch < BATCHES; batch++) {
            feed->log[feed->count++] = message_of(feed, chunk, batch);
        }
    }
}

static void shuffle(struct gen *gen, struct chunk_done *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)gen_below(gen, i);
        struct chunk_done kept = items[i - 1];

        items[i - 1] = items[j];
        items[j] = kept;
    }
}

static size_t fold(const struct chunk_done *dones, size_t count)
{
    struct progress_indexed progress;
    struct err err;

    assert_ok(progress_fold_indexed(database.session, dones, count, &progress, &err), &err);
    assert_false(progress.is_unknown_job);
    return progress.folded;
}

static int64_t stored(const struct feed *feed, const char *field)
{
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    assert_ok(store_get(database.session, "import_jobs", feed->id, &job, &err), &err);
    return document_int64(job, field, 0);
}

/* The job stands as if each of its messages had come exactly once. */
static void assert_sum_of_messages(const struct feed *feed)
{
    int64_t indexed = 0;
    int64_t failed = 0;

    for (size_t i = 0; i < feed->count; i++) {
        indexed += feed->log[i].indexed;
        failed += feed->log[i].index_failed;
    }
    assert_int_equal(stored(feed, "indexed_rows"), indexed);
    assert_int_equal(stored(feed, "index_failed_rows"), failed);
    assert_int_equal(stored(feed, "indexed_batches"), feed->count);
}

static void batches_count_once_in_any_order_and_any_grouping(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int round = 0; round < FEEDS; round++) {
        struct feed feed = {0};
        size_t folded = 0;

        make_feed(&feed, 1 + (uint32_t)gen_below(&gen, CHUNKS_MAX));
        shuffle(&gen, feed.log, feed.count);
        for (size_t at = 0; at < feed.count;) {
            size_t run = 1 + (size_t)gen_below(&gen, RUN_MAX);

            run = run < feed.count - at ? run : feed.count - at;
            folded += fold(feed.log + at, run);
            if (gen_below(&gen, 3) > 0) { /* else the same again: a restart */
                at += run;
            }
        }
        assert_int_equal(folded, feed.count);
        assert_sum_of_messages(&feed);
        shuffle(&gen, feed.log, feed.count);
        assert_int_equal(fold(feed.log, feed.count), 0);
        assert_sum_of_messages(&feed);
    }
}

static void a_batch_that_stands_twice_in_a_run_counts_once(void **state)
{
    struct feed feed = {0};

    (void)state;
    make_feed(&feed, 1);
    const struct chunk_done twice[] = {feed.log[3], feed.log[3], feed.log[0]};

    assert_int_equal(fold(twice, 3), 2);
    assert_int_equal(stored(&feed, "indexed_rows"), feed.log[3].indexed + feed.log[0].indexed);
}

static void the_first_and_the_last_batch_of_a_chunk_have_places_of_their_own(void **state)
{
    struct feed feed = {0};

    (void)state;
    insert_job(&feed, 3);
    for (uint32_t batch = 0; batch < SEARCH_BATCHES_MAX; batch++) {
        for (uint32_t chunk = 0; chunk < 3; chunk++) {
            struct chunk_done done = message_of(&feed, chunk, batch);

            assert_int_equal(fold(&done, 1), 1);
        }
    }
    assert_int_equal(stored(&feed, "indexed_batches"), 3 * SEARCH_BATCHES_MAX);
}

static void a_job_whose_end_is_not_known_counts_too(void **state)
{
    struct feed feed = {0};

    (void)state;
    insert_job(&feed, 0);
    const struct chunk_done dones[] = {message_of(&feed, 900, 1), message_of(&feed, 2, 0)};

    assert_int_equal(fold(dones, 2), 2);
    assert_int_equal(fold(dones, 2), 0);
}

static void a_lane_longer_than_the_others_has_numbers_beyond_the_total(void **state)
{
    struct feed feed = {.lanes = 3};

    (void)state;
    insert_job(&feed, 3);
    struct chunk_done last = message_of(&feed, 8, 0);

    last.origin.lane = 2;
    last.origin.lanes = 3;
    assert_int_equal(fold(&last, 1), 1);
}

static void assert_refused(const struct feed *feed, uint32_t chunk, uint32_t batch)
{
    const struct chunk_done dones[] = {message_of(feed, 0, 0), message_of(feed, chunk, batch)};
    struct progress_indexed progress;
    struct err err;

    assert_false(progress_fold_indexed(database.session, dones, 2, &progress, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(stored(feed, "indexed_rows"), 0);
}

static void a_batch_that_the_job_cannot_have_is_refused(void **state)
{
    struct feed known = {0};
    struct feed open = {0};

    (void)state;
    insert_job(&known, 2);
    insert_job(&open, 0);
    assert_refused(&known, 2, 0);
    assert_refused(&known, UINT32_MAX, 0);
    assert_refused(&known, 1, SEARCH_BATCHES_MAX);
    assert_refused(&known, 1, UINT32_MAX);
    assert_refused(&open, 1 << 18, 0);
    assert_refused(&open, UINT32_MAX, UINT32_MAX);
}

static void what_became_searchable_of_an_unknown_job_counts_nowhere(void **state)
{
    struct feed nobody = {.id = "import_1_nobody"};
    struct chunk_done done = message_of(&nobody, 0, 0);
    struct progress_indexed progress;
    struct err err;

    (void)state;
    assert_ok(progress_fold_indexed(database.session, &done, 1, &progress, &err), &err);
    assert_true(progress.is_unknown_job);
    assert_int_equal(progress.folded, 0);
}

/* ---- two trackers at once ---- */

struct race {
    const struct feed *feed;
    pthread_barrier_t *start;
    size_t folded;
};

/* As a tracker's loop does, it tries again what conflicts. */
static void *race_fold(void *arg)
{
    struct race *race = arg;
    struct store_session *own = NULL;
    struct progress_indexed progress;
    struct err err;

    if (!store_session_open(database.store, &own, &err)) {
        abort();
    }
    pthread_barrier_wait(race->start);
    for (size_t i = 0; i < race->feed->count; i++) {
        while (!progress_fold_indexed(own, &race->feed->log[i], 1, &progress, &err)) {
            if (err.kind != ERR_CONFLICT) {
                abort();
            }
        }
        race->folded += progress.folded;
    }
    store_session_close(own);
    return NULL;
}

static void two_trackers_that_fold_the_same_messages_count_each_once(void **state)
{
    struct feed feed = {0};
    struct race races[2];
    pthread_barrier_t start;
    pthread_t threads[2];

    (void)state;
    make_feed(&feed, CHUNKS_MAX);
    pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++) {
        races[i] = (struct race){.feed = &feed, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, race_fold, &races[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&start);
    assert_int_equal(races[0].folded + races[1].folded, feed.count);
    assert_sum_of_messages(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_count_once_in_any_order_and_any_grouping),
        cmocka_unit_test(a_batch_that_stands_twice_in_a_run_counts_once),
        cmocka_unit_test(the_first_and_the_last_batch_of_a_chunk_have_places_of_their_own),
        cmocka_unit_test(a_job_whose_end_is_not_known_counts_too),
        cmocka_unit_test(a_lane_longer_than_the_others_has_numbers_beyond_the_total),
        cmocka_unit_test(a_batch_that_the_job_cannot_have_is_refused),
        cmocka_unit_test(what_became_searchable_of_an_unknown_job_counts_nowhere),
        cmocka_unit_test(two_trackers_that_fold_the_same_messages_count_each_once),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
