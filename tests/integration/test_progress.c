#include "support/database.h"
#include "support/test.h"

#include "domain/document.h"
#include "domain/stored.h"
#include "message/message.h"
#include "store/batches.h"
#include "store/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folding of progress on the real database. */

enum { FEEDS = 25, CHUNKS_MAX = 24, LANES_MAX = 3, DELIVERIES = 60, BATCH_ROUNDS = 20 };

/* ---- jobs ---- */

struct job {
    const char *id;
    uint32_t chunks;
    uint32_t lanes;
    const char *batch_id; /* NULL: none */
    int64_t part;
    int64_t total_parts;
    int64_t rows;
};

/* A job of its own for each test, stored as ingress does. */
static struct job make_job(struct job job)
{
    static int count;
    struct err err;

    job.id = arena_printf(database.arena, "import_%d_%s", 1000 + count++, test_unique());
    bson_t *document =
        BCON_NEW("_id", BCON_UTF8(job.id), "tenant", "acme", "entity", "products", "acceptance",
                 "accepted", "status", "pending", "total_chunks", BCON_INT64(job.chunks), "lanes",
                 BCON_INT64(job.lanes), "total_rows", BCON_INT64(job.rows), "created_at",
                 BCON_DATE_TIME(500), "done_chunks", BCON_INT64(0));

    if (job.batch_id) {
        BCON_APPEND(document, "batch_id", BCON_UTF8(job.batch_id), "batch_part",
                    BCON_INT64(job.part), "batch_total_parts", BCON_INT64(job.total_parts),
                    "batch_total_items", BCON_NULL);
    }
    assert_ok(store_insert(database.session, "import_jobs", document, &err), &err);
    bson_destroy(document);
    return job;
}

static bson_t *load(const char *collection, const char *id)
{
    struct err err;
    bson_t *document = NULL;

    assert_ok(store_get(database.session, collection, id, &document, &err), &err);
    return document;
}

/* Each chunk does something else, so that one counted in place of another shows. */
static struct chunk_done applied(const struct job *job, uint32_t chunk)
{
    return (struct chunk_done){
        .origin = {.job_id = job->id,
                   .tenant = "acme",
                   .entity = "products",
                   .chunk = chunk,
                   .lane = chunk % job->lanes,
                   .lanes = job->lanes,
                   .trace_id = ""},
        .stage = CHUNK_APPLIED,
        .counts = {.successful = 3 + chunk * chunk, .failed = chunk, .created = 1, .errors = chunk},
        .started_at_ms = 10000 + chunk * 10,
        .finished_at_ms = 10007 + chunk * 10};
}

static enum progress_effect fold(const struct chunk_done *done)
{
    struct progress progress;
    struct err err;

    assert_ok(progress_fold_applied(database.session, done, &progress, &err), &err);
    bson_destroy(progress.job);
    return progress.effect;
}

static enum progress_effect fold_chunk(const struct job *job, uint32_t chunk)
{
    struct chunk_done done = applied(job, chunk);

    return fold(&done);
}

static bool finish(struct store_session *session, const char *job_id)
{
    struct err err;
    bson_t *job = NULL;
    bool finished;

    assert_ok(store_get(session, "import_jobs", job_id, &job, &err), &err);
    assert_ok(progress_finish(session, &job, &finished, &err), &err);
    assert_string_equal(document_text(job, "status"), "completed");
    bson_destroy(job);
    return finished;
}

static void leave_receipt(const struct job *job, uint32_t chunk)
{
    struct chunk_done done = applied(job, chunk);
    struct err err;
    bson_t *receipt = BCON_NEW(
        "_id", BCON_UTF8(arena_printf(database.arena, "%s|%u", job->id, chunk)), "counts", "{",
        "successful", BCON_INT64(done.counts.successful), "failed", BCON_INT64(done.counts.failed),
        "created", BCON_INT64(done.counts.created), "errors", BCON_INT64(done.counts.errors), "}",
        "started_at", BCON_DATE_TIME(done.started_at_ms), "finished_at",
        BCON_DATE_TIME(done.finished_at_ms));

    assert_ok(store_insert(database.session, "import_receipts", receipt, &err), &err);
    bson_destroy(receipt);
}

/* The job stands as if each of its chunks had come exactly once. */
static void assert_sum_of_chunks(const struct job *job)
{
    bson_t *stored = load("import_jobs", job->id);
    int64_t successful = 0;
    int64_t failed = 0;

    for (uint32_t chunk = 0; chunk < job->chunks; chunk++) {
        successful += 3 + chunk * chunk;
        failed += chunk;
    }
    assert_int_equal(document_int64(stored, "done_chunks", -1), job->chunks);
    assert_int_equal(document_int64(stored, "successful_rows", -1), successful);
    assert_int_equal(document_int64(stored, "failed_rows", -1), failed);
    assert_int_equal(document_int64(stored, "processed_rows", -1), successful + failed);
    assert_int_equal(document_int64(stored, "created_rows", -1), job->chunks);
    assert_int_equal(document_int64(stored, "error_count", -1), failed);
    assert_int_equal(stored_date(stored, "started_at", -1), 10000);
    assert_int_equal(stored_date(stored, "last_finished_at", -1), 10007 + 10 * (job->chunks - 1));
    bson_destroy(stored);
}

/* ---- chunks that were applied ---- */

/* splitmix64 */
static uint32_t below(uint64_t *seed, uint32_t limit)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) % limit);
}

/* A partition of the progress topic: in order within each lane, lanes mixed at random. */
static void draw_log(uint64_t *seed, const struct job *job, uint32_t *log)
{
    uint32_t next[LANES_MAX];

    for (uint32_t lane = 0; lane < job->lanes; lane++) {
        next[lane] = lane;
    }
    for (uint32_t i = 0; i < job->chunks; i++) {
        uint32_t lane = below(seed, job->lanes);

        while (next[lane] >= job->chunks) {
            lane = (lane + 1) % job->lanes;
        }
        log[i] = next[lane];
        next[lane] += job->lanes;
    }
}

static void a_job_is_the_sum_of_its_chunks_however_often_they_are_delivered(void **state)
{
    (void)state;
    uint64_t seed = test_seed();

    for (int feed = 0; feed < FEEDS; feed++) {
        struct job job = make_job((struct job){.chunks = 1 + below(&seed, CHUNKS_MAX),
                                               .lanes = 1 + below(&seed, LANES_MAX)});
        uint32_t log[CHUNKS_MAX];
        uint32_t offset = 0;
        uint32_t reached = 0;

        draw_log(&seed, &job, log);
        /* A restart goes back to some earlier offset; at last everything comes through once more.
         */
        for (int i = 0; i < DELIVERIES || offset < job.chunks; i++) {
            if (offset == job.chunks || (i < DELIVERIES && below(&seed, 8) == 0)) {
                offset = below(&seed, offset + 1);
                continue;
            }
            enum progress_effect effect = fold_chunk(&job, log[offset]);

            assert_int_equal(effect, offset < reached ? PROGRESS_DUPLICATE : PROGRESS_FOLDED);
            offset++;
            reached = offset > reached ? offset : reached;
        }
        assert_sum_of_chunks(&job);
        assert_true(finish(database.session, job.id));
        assert_false(finish(database.session, job.id));
        assert_int_equal(fold_chunk(&job, log[0]), PROGRESS_DUPLICATE);
        assert_sum_of_chunks(&job);
    }
}

static void a_job_runs_from_its_first_chunk_and_ends_with_its_last(void **state)
{
    (void)state;
    struct job job = make_job((struct job){.chunks = 2, .lanes = 1});

    fold_chunk(&job, 0);
    bson_t *running = load("import_jobs", job.id);
    assert_string_equal(document_text(running, "status"), "processing");
    fold_chunk(&job, 1);
    assert_true(finish(database.session, job.id));

    bson_t *ended = load("import_jobs", job.id);
    assert_int_equal(stored_date(ended, "completed_at", 0), 10017);
    assert_true(document_number(ended, "duration_seconds", 0) == 0.017);
    bson_destroy(ended);
    bson_destroy(running);
}

static void messages_that_were_lost_are_made_up_for_from_the_receipts(void **state)
{
    (void)state;
    struct job job = make_job((struct job){.chunks = 7, .lanes = 2});

    for (uint32_t chunk = 0; chunk < job.chunks; chunk++) {
        leave_receipt(&job, chunk);
    }
    fold_chunk(&job, 0);
    fold_chunk(&job, 6);
    fold_chunk(&job, 5);
    assert_sum_of_chunks(&job);
    assert_true(finish(database.session, job.id));
}

static void a_chunk_waits_until_the_one_before_it_was_applied(void **state)
{
    (void)state;
    struct job job = make_job((struct job){.chunks = 2, .lanes = 1});
    struct chunk_done second = applied(&job, 1);
    struct progress progress;
    struct err err;

    assert_false(progress_fold_applied(database.session, &second, &progress, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    leave_receipt(&job, 0);
    assert_int_equal(fold(&second), PROGRESS_FOLDED);
    assert_sum_of_chunks(&job);
}

static void a_lane_longer_than_the_others_has_numbers_beyond_the_total(void **state)
{
    (void)state;
    struct job job = make_job((struct job){.chunks = 3, .lanes = 2});

    leave_receipt(&job, 0);
    leave_receipt(&job, 2);
    assert_int_equal(fold_chunk(&job, 4), PROGRESS_FOLDED);
    assert_true(finish(database.session, job.id));
}

static void a_chunk_number_beyond_the_job_is_refused(void **state)
{
    (void)state;
    struct job job = make_job((struct job){.chunks = 2, .lanes = 1});
    struct chunk_done beyond = applied(&job, 9);
    struct progress progress;
    struct err err;

    assert_false(progress_fold_applied(database.session, &beyond, &progress, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void progress_of_an_unknown_job_is_reported_as_such(void **state)
{
    (void)state;
    struct job job = {.id = "import_1_nobody", .chunks = 1, .lanes = 1};

    assert_int_equal(fold_chunk(&job, 0), PROGRESS_UNKNOWN_JOB);
}

static void a_failed_job_counts_what_still_comes_but_never_completes(void **state)
{
    (void)state;
    struct job job = make_job((struct job){.chunks = 3, .lanes = 1});
    struct progress_failure failure = {
        .job_id = job.id, .code = "chunk_unreadable", .error = "no ImportChunk", .now_ms = 777};
    struct err err;
    bson_t *failed = NULL;
    bool finished;

    fold_chunk(&job, 0);
    assert_ok(progress_fail(database.session, &failure, &failed, &err), &err);
    assert_int_equal(stored_date(failed, "completed_at", 0), 777);
    bson_destroy(failed);
    /* Chunk 1 went to the dead letters. */
    assert_int_equal(fold_chunk(&job, 2), PROGRESS_FOLDED);
    assert_int_equal(fold_chunk(&job, 1), PROGRESS_DUPLICATE);
    assert_int_equal(fold_chunk(&job, 2), PROGRESS_DUPLICATE);

    bson_t *after = load("import_jobs", job.id);
    assert_ok(progress_finish(database.session, &after, &finished, &err), &err);
    assert_false(finished);
    assert_string_equal(document_text(after, "status"), "failed");
    assert_string_equal(document_text(after, "failure.code"), "chunk_unreadable");
    assert_int_equal(document_int64(after, "done_chunks", 0), 2);
    assert_int_equal(document_int64(after, "processed_rows", 0), 3 + 7 + 2);
    bson_destroy(after);
}

static void a_completed_job_cannot_fail(void **state)
{
    (void)state;
    struct job job = make_job((struct job){.chunks = 1, .lanes = 1});
    struct progress_failure failure = {
        .job_id = job.id, .code = "chunk_unreadable", .error = "late", .now_ms = 777};
    struct err err;
    bson_t *after = NULL;

    fold_chunk(&job, 0);
    assert_true(finish(database.session, job.id));
    assert_ok(progress_fail(database.session, &failure, &after, &err), &err);
    assert_string_equal(document_text(after, "status"), "completed");
    assert_int_equal(stored_date(after, "completed_at", 0), 10007);
    bson_destroy(after);
}

/* ---- batches ---- */

static bson_t *completed_job(const char *batch_id, int64_t part, int64_t total_parts)
{
    struct job job = make_job((struct job){.chunks = 1,
                                           .lanes = 1,
                                           .batch_id = batch_id,
                                           .part = part,
                                           .total_parts = total_parts,
                                           .rows = 3});

    fold_chunk(&job, 0);
    assert_true(finish(database.session, job.id));
    return load("import_jobs", job.id);
}

static bool fold_into_batch(const bson_t *job, bson_t **batch)
{
    struct batch_fold fold;
    struct err err;

    assert_ok(batches_fold(database.session, job, 9000, &fold, &err), &err);
    *batch = fold.batch;
    return fold.announce;
}

struct race {
    struct store *store;
    const bson_t *job;
    pthread_barrier_t *start;
    bool announced;
};

/* One tracker: as its loop does, it tries again what conflicts. */
static void *race_fold(void *arg)
{
    struct race *race = arg;
    struct store_session *session = NULL;
    struct batch_fold fold;
    struct err err;

    if (!store_session_open(race->store, &session, &err)) {
        abort();
    }
    pthread_barrier_wait(race->start);
    while (!batches_fold(session, race->job, 9000, &fold, &err)) {
        if (err.kind != ERR_CONFLICT) {
            abort();
        }
    }
    race->announced = fold.announce;
    bson_destroy(fold.batch);
    store_session_close(session);
    return NULL;
}

static void two_parts_folded_at_once_add_up_and_complete_the_batch_once(void **state)
{
    (void)state;

    for (int round = 0; round < BATCH_ROUNDS; round++) {
        const char *batch_id = arena_printf(database.arena, "race %d", round);
        bson_t *jobs[] = {completed_job(batch_id, 1, 2), completed_job(batch_id, 2, 2)};
        struct race races[2];
        pthread_barrier_t start;
        pthread_t threads[2];

        pthread_barrier_init(&start, NULL, 2);
        for (int i = 0; i < 2; i++) {
            races[i] = (struct race){.store = database.store, .job = jobs[i], .start = &start};
            assert_int_equal(pthread_create(&threads[i], NULL, race_fold, &races[i]), 0);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
            bson_destroy(jobs[i]);
        }
        pthread_barrier_destroy(&start);
        bson_t *batch = load("import_batches", ID_JOIN(database.arena, "acme", batch_id));

        assert_int_equal(races[0].announced + races[1].announced, 1);
        assert_string_equal(document_text(batch, "status"), "completed");
        assert_int_equal(document_int64(batch, "jobs_done", 0), 2);
        assert_int_equal(document_int64(batch, "parts_done", 0), 2);
        assert_int_equal(document_int64(batch, "rows_total", 0), 6);
        assert_int_equal(document_int64(batch, "rows_successful", 0), 6);
        bson_destroy(batch);
    }
}

static void a_batch_completes_with_its_last_part_and_is_announced_until_that_is_done(void **state)
{
    (void)state;
    bson_t *first = completed_job("weekly", 1, 2);
    bson_t *second = completed_job("weekly", 2, 2);
    bson_t *batch = NULL;
    struct err err;

    assert_false(fold_into_batch(first, &batch));
    assert_string_equal(document_text(batch, "status"), "processing");
    bson_destroy(batch);
    assert_true(fold_into_batch(second, &batch));
    assert_string_equal(document_text(batch, "status"), "completed");
    assert_int_equal(stored_date(batch, "completed_at", 0), 10007);
    bson_destroy(batch);
    /* The tracker died before the announcement: the same job comes again. */
    assert_true(fold_into_batch(second, &batch));
    assert_int_equal(document_int64(batch, "jobs_done", 0), 2);
    assert_ok(batches_mark_announced(database.session, batch, 9500, &err), &err);
    bson_destroy(batch);
    assert_false(fold_into_batch(second, &batch));
    bson_destroy(batch);
    bson_destroy(second);
    bson_destroy(first);
}

static void a_part_that_comes_again_after_the_end_counts_but_is_not_announced(void **state)
{
    (void)state;
    bson_t *first = completed_job("again", 1, 1);
    bson_t *late = completed_job("again", 1, 1);
    bson_t *batch = NULL;

    assert_true(fold_into_batch(first, &batch));
    bson_destroy(batch);
    assert_false(fold_into_batch(late, &batch));
    assert_int_equal(document_int64(batch, "jobs_done", 0), 2);
    assert_int_equal(document_int64(batch, "rows_total", 0), 3);
    assert_string_equal(document_text(batch, "status"), "completed");
    bson_destroy(batch);
    bson_destroy(late);
    bson_destroy(first);
}

static void a_batch_is_read_with_its_jobs_and_only_by_its_tenant(void **state)
{
    (void)state;
    bson_t *ended = completed_job("read", 1, 2);
    struct batch_records records;
    bson_t *batch = NULL;
    struct err err;

    assert_ok(batches_load(database.session, database.arena, "acme", "read", &records, &err), &err);
    assert_null(records.batch);
    assert_int_equal(records.job_count, 1);
    fold_into_batch(ended, &batch);
    make_job(
        (struct job){.chunks = 1, .lanes = 1, .batch_id = "read", .part = 2, .total_parts = 2});
    assert_ok(batches_load(database.session, database.arena, "acme", "read", &records, &err), &err);
    assert_non_null(records.batch);
    assert_int_equal(records.job_count, 2);
    assert_false(batches_load(database.session, database.arena, "globex", "read", &records, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    bson_destroy(batch);
    bson_destroy(ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_the_sum_of_its_chunks_however_often_they_are_delivered),
        cmocka_unit_test(a_job_runs_from_its_first_chunk_and_ends_with_its_last),
        cmocka_unit_test(messages_that_were_lost_are_made_up_for_from_the_receipts),
        cmocka_unit_test(a_chunk_waits_until_the_one_before_it_was_applied),
        cmocka_unit_test(a_lane_longer_than_the_others_has_numbers_beyond_the_total),
        cmocka_unit_test(a_chunk_number_beyond_the_job_is_refused),
        cmocka_unit_test(progress_of_an_unknown_job_is_reported_as_such),
        cmocka_unit_test(a_failed_job_counts_what_still_comes_but_never_completes),
        cmocka_unit_test(a_completed_job_cannot_fail),
        cmocka_unit_test(two_parts_folded_at_once_add_up_and_complete_the_batch_once),
        cmocka_unit_test(a_batch_completes_with_its_last_part_and_is_announced_until_that_is_done),
        cmocka_unit_test(a_part_that_comes_again_after_the_end_counts_but_is_not_announced),
        cmocka_unit_test(a_batch_is_read_with_its_jobs_and_only_by_its_tenant),
    };

    return cmocka_run_group_tests(tests, database_open_with_schema, database_close);
}
