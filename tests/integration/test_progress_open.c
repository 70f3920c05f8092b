#include "support/test.h"

#include "domain/document.h"
#include "domain/stored.h"
#include "message/message.h"
#include "store/progress.h"
#include "support/database.h"
#include "support/gen.h"

#include <string.h>

/* Jobs that are accepted before anybody knows how many chunks they have. */

enum { FEEDS = 40, CHUNKS_MAX = 8, LANES_MAX = 3, RESTARTS = 6 };

/* A job and all that is told about it: its chunks, and `seal` at its end. */
struct feed {
    char id[48];
    uint32_t chunks;
    uint32_t lanes;
    uint32_t total_rows; /* as the seal tells it */
    struct chunk_done log[CHUNKS_MAX + 1];
};

static void insert_job(struct feed *feed)
{
    static int count;
    struct err err;

    snprintf(feed->id, sizeof(feed->id), "import_%d_open", count++);
    AUTO(bson)
    bson_t *job =
        BCON_NEW("_id", BCON_UTF8(feed->id), "tenant", "acme", "entity", "products", "acceptance",
                 "accepted", "status", "pending", "total_chunks", BCON_NULL, "total_rows",
                 BCON_NULL, "lanes", BCON_INT64(feed->lanes), "done_chunks", BCON_INT64(0));

    assert_ok(store_insert(database.session, "import_jobs", job, &err), &err);
}

static struct chunk_done message_of(const struct feed *feed, uint32_t chunk)
{
    struct chunk_done done = {.origin = {.job_id = feed->id,
                                         .tenant = "acme",
                                         .entity = "products",
                                         .chunk = chunk,
                                         .lane = chunk % feed->lanes,
                                         .lanes = feed->lanes,
                                         .trace_id = ""},
                              .counts = {.successful = 3, .failed = 1},
                              .started_at_ms = 1000 + chunk,
                              .finished_at_ms = 2000 + chunk};

    if (chunk == feed->chunks) {
        done.stage = CHUNK_SEALED;
        done.total_chunks = feed->chunks;
        done.total_rows = feed->total_rows;
    }
    return done;
}

static bool comes_before(const struct chunk_done *a, const struct chunk_done *b)
{
    return a->stage != CHUNK_SEALED && b->stage != CHUNK_SEALED && a->origin.lane == b->origin.lane;
}

/* Chunks in any order but that of their lane; the seal anywhere. */
static void draw_log(struct gen *gen, struct feed *feed)
{
    for (uint32_t i = 0; i <= feed->chunks; i++) {
        feed->log[i] = message_of(feed, i);
    }
    for (uint32_t swaps = 0; feed->chunks > 0 && swaps < 5 * feed->chunks; swaps++) {
        uint64_t i = gen_below(gen, feed->chunks);
        struct chunk_done kept = feed->log[i];

        if (!comes_before(&feed->log[i], &feed->log[i + 1])) {
            feed->log[i] = feed->log[i + 1];
            feed->log[i + 1] = kept;
        }
    }
}

/* What the tracker does with a message; true when the job ended by it. */
static bool track(const struct chunk_done *done)
{
    struct progress progress;
    bool finished = false;
    struct err err;

    if (done->stage == CHUNK_SEALED) {
        assert_ok(progress_fold_sealed(database.session, done, &progress, &err), &err);
    } else {
        assert_ok(progress_fold_applied(database.session, done, &progress, &err), &err);
    }
    assert_int_not_equal(progress.effect, PROGRESS_UNKNOWN_JOB);
    assert_ok(progress_finish(database.session, &progress.job, &finished, &err), &err);
    bson_destroy(progress.job);
    return finished;
}

static bson_t *load(const char *id)
{
    bson_t *job = NULL;
    struct err err;

    assert_ok(store_get(database.session, "import_jobs", id, &job, &err), &err);
    return job;
}

static void assert_complete(const struct feed *feed)
{
    AUTO(bson) bson_t *job = load(feed->id);

    assert_string_equal(document_text(job, "status"), "completed");
    assert_int_equal(document_int64(job, "total_chunks", -1), feed->chunks);
    assert_int_equal(document_int64(job, "total_rows", -1), 4 * feed->chunks);
    assert_int_equal(document_int64(job, "processed_rows", 0), 4 * feed->chunks);
    assert_int_equal(stored_date(job, "started_at", 0), 1000);
    assert_int_equal(stored_date(job, "completed_at", 0), 2000 + feed->chunks);
}

static void an_open_job_ends_once_whenever_its_seal_comes_and_however_often(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int round = 0; round < FEEDS; round++) {
        struct feed feed = {.chunks = (uint32_t)gen_below(&gen, CHUNKS_MAX + 1),
                            .lanes = 1 + (uint32_t)gen_below(&gen, LANES_MAX)};
        uint32_t ended = 0;

        feed.total_rows = gen_below(&gen, 2) ? 4 * feed.chunks : 0;
        insert_job(&feed);
        draw_log(&gen, &feed);
        for (uint32_t restart = 0; restart <= RESTARTS; restart++) {
            uint32_t until =
                restart < RESTARTS ? (uint32_t)gen_below(&gen, feed.chunks + 1) : feed.chunks;

            for (uint32_t i = 0; i <= until; i++) {
                ended += track(&feed.log[i]);
            }
        }
        assert_int_equal(ended, 1);
        assert_complete(&feed);
    }
}

static void an_open_job_goes_on_while_nobody_says_that_it_ends(void **state)
{
    struct feed feed = {.chunks = 3, .lanes = 1};

    (void)state;
    insert_job(&feed);
    for (uint32_t chunk = 0; chunk < 3; chunk++) {
        struct chunk_done done = message_of(&feed, chunk);

        assert_false(track(&done));
    }
    AUTO(bson) bson_t *job = load(feed.id);
    assert_string_equal(document_text(job, "status"), "processing");
    assert_int_equal(document_int64(job, "processed_rows", 0), 12);
}

static void a_job_keeps_the_first_total_that_it_was_told(void **state)
{
    struct feed feed = {.chunks = 2, .lanes = 1, .total_rows = 8};

    (void)state;
    insert_job(&feed);
    struct chunk_done seal = message_of(&feed, 2);
    assert_false(track(&seal));
    seal.total_chunks = 1;
    seal.total_rows = 4;
    assert_false(track(&seal));
    AUTO(bson) bson_t *job = load(feed.id);
    assert_int_equal(document_int64(job, "total_chunks", 0), 2);
    assert_int_equal(document_int64(job, "total_rows", 0), 8);
}

static void a_failed_job_is_not_ended_by_its_seal(void **state)
{
    struct feed feed = {.chunks = 0, .lanes = 1};
    struct err err;
    bson_t *failed = NULL;

    (void)state;
    insert_job(&feed);
    struct progress_failure failure = {
        .job_id = feed.id, .code = "chunk_unreadable", .error = "no ImportChunk", .now_ms = 777};
    assert_ok(progress_fail(database.session, &failure, &failed, &err), &err);
    bson_destroy(failed);
    struct chunk_done seal = message_of(&feed, 0);
    assert_false(track(&seal));
    AUTO(bson) bson_t *job = load(feed.id);
    assert_string_equal(document_text(job, "status"), "failed");
    assert_int_equal(stored_date(job, "completed_at", 0), 777);
}

static void the_seal_of_an_unknown_job_is_reported_as_such(void **state)
{
    struct feed feed = {.id = "import_0_nobody", .lanes = 1};
    struct chunk_done seal = message_of(&feed, 0);
    struct progress progress;
    struct err err;

    (void)state;
    assert_ok(progress_fold_sealed(database.session, &seal, &progress, &err), &err);
    assert_int_equal(progress.effect, PROGRESS_UNKNOWN_JOB);
    assert_null(progress.job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_job_ends_once_whenever_its_seal_comes_and_however_often),
        cmocka_unit_test(an_open_job_goes_on_while_nobody_says_that_it_ends),
        cmocka_unit_test(a_job_keeps_the_first_total_that_it_was_told),
        cmocka_unit_test(a_failed_job_is_not_ended_by_its_seal),
        cmocka_unit_test(the_seal_of_an_unknown_job_is_reported_as_such),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
