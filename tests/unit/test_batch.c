#include "support/test.h"

#include "domain/batch.h"
#include "domain/document.h"

#include <bson/bson.h>
#include <stdio.h>
#include <string.h>

/* ---- builders ---- */

struct part {
    const char *job_id;
    int64_t part; /* 0: none */
    int64_t total;
    int64_t failed;
    const char *status;
};

static bson_t *batch_of(int64_t total_parts, int64_t total_items, const struct part *parts,
                        size_t count)
{
    bson_t *batch = BCON_NEW("_id", "acme|weekly", "tenant", "acme", "batch_id", "weekly", "entity",
                             "products", "status", "processing", "created_at", BCON_DATE_TIME(1000),
                             "updated_at", BCON_DATE_TIME(9000));
    bson_t jobs;

    if (total_parts) {
        BSON_APPEND_INT64(batch, "total_parts", total_parts);
    }
    if (total_items) {
        BSON_APPEND_INT64(batch, "total_items", total_items);
    }
    bson_append_document_begin(batch, "jobs", -1, &jobs);
    for (size_t i = 0; i < count; i++) {
        bson_t entry;

        bson_append_document_begin(&jobs, parts[i].job_id, -1, &entry);
        if (parts[i].part) {
            BSON_APPEND_INT64(&entry, "part", parts[i].part);
        } else {
            BSON_APPEND_NULL(&entry, "part");
        }
        BSON_APPEND_INT64(&entry, "total", parts[i].total);
        BSON_APPEND_INT64(&entry, "successful", parts[i].total - parts[i].failed);
        BSON_APPEND_INT64(&entry, "failed", parts[i].failed);
        BSON_APPEND_INT64(&entry, "unchanged", 0);
        BSON_APPEND_UTF8(&entry, "status", parts[i].status ? parts[i].status : "completed");
        BSON_APPEND_DATE_TIME(&entry, "completed_at", 5000 + (int64_t)i);
        bson_append_document_end(&jobs, &entry);
    }
    bson_append_document_end(batch, &jobs);
    return batch;
}

static bson_t *job_of(const char *id, int64_t part, const char *status)
{
    return BCON_NEW("_id", BCON_UTF8(id), "tenant", "acme", "batch_id", "weekly", "batch_part",
                    BCON_INT64(part), "batch_total_parts", BCON_INT64(3), "status",
                    BCON_UTF8(status), "total_rows", BCON_INT64(10), "processed_rows",
                    BCON_INT64(4), "successful_rows", BCON_INT64(3), "failed_rows", BCON_INT64(1),
                    "created_at", BCON_DATE_TIME(2000));
}

#define COMPUTE(total_parts, total_items, ...)                                                     \
    compute(total_parts, total_items, (const struct part[]){__VA_ARGS__},                          \
            sizeof((const struct part[]){__VA_ARGS__}) / sizeof(struct part))

static struct batch_totals compute(int64_t total_parts, int64_t total_items,
                                   const struct part *parts, size_t count)
{
    bson_t *batch = batch_of(total_parts, total_items, parts, count);
    struct batch_totals totals = batch_compute(batch);

    bson_destroy(batch);
    return totals;
}

static size_t length(const bson_t *document, const char *name)
{
    bson_iter_t at;
    bson_iter_t each;
    size_t count = 0;

    assert_true(bson_iter_init_find(&at, document, name) && bson_iter_recurse(&at, &each));
    while (bson_iter_next(&each)) {
        count++;
    }
    return count;
}

/* ---- totals ---- */

static void a_batch_is_complete_when_every_part_is_done(void **state)
{
    (void)state;
    struct batch_totals two_of_three =
        COMPUTE(3, 0, {"import_1_a", 1, 10, 0, NULL}, {"import_2_b", 3, 10, 2, NULL});
    struct batch_totals all =
        COMPUTE(3, 0, {"import_1_a", 1, 10, 0, NULL}, {"import_2_b", 3, 10, 2, NULL},
                {"import_3_c", 2, 5, 5, NULL});

    assert_false(two_of_three.is_complete);
    assert_int_equal(two_of_three.parts_done, 2);
    assert_true(all.is_complete);
    assert_int_equal(all.rows_total, 25);
    assert_int_equal(all.rows_successful, 18);
    assert_int_equal(all.rows_failed, 7);
    assert_int_equal(all.ended_at_ms, 5002);
}

static void a_part_sent_twice_counts_once_and_its_newest_job_speaks_for_it(void **state)
{
    (void)state;
    struct batch_totals totals =
        COMPUTE(2, 0, {"queue_import_900_z", 1, 10, 9, NULL}, {"import_1000_a", 1, 10, 1, NULL});

    assert_false(totals.is_complete);
    assert_int_equal(totals.parts_done, 1);
    assert_int_equal(totals.rows_total, 10);
    assert_int_equal(totals.rows_failed, 1);
}

static void a_part_whose_newest_job_failed_is_not_done(void **state)
{
    (void)state;
    struct batch_totals failed = COMPUTE(1, 0, {"import_1_a", 1, 10, 0, "failed"});
    struct batch_totals sent_again =
        COMPUTE(1, 0, {"import_1_a", 1, 10, 0, "failed"}, {"import_2_b", 1, 10, 0, NULL});

    assert_false(failed.is_complete);
    assert_int_equal(failed.parts_done, 0);
    assert_true(sent_again.is_complete);
}

static void parts_beyond_the_announced_number_do_not_stand_for_missing_ones(void **state)
{
    (void)state;
    struct batch_totals totals =
        COMPUTE(2, 0, {"import_1_a", 1, 10, 0, NULL}, {"import_2_b", 7, 10, 0, NULL});

    assert_false(totals.is_complete);
}

static void without_parts_a_batch_is_complete_when_its_items_are_in(void **state)
{
    (void)state;
    struct batch_totals some = COMPUTE(0, 20, {"import_1_a", 0, 10, 0, NULL});
    struct batch_totals all =
        COMPUTE(0, 20, {"import_1_a", 0, 10, 0, NULL}, {"import_2_b", 0, 10, 0, NULL});

    assert_false(some.is_complete);
    assert_true(all.is_complete);
    assert_int_equal(all.parts_done, 0);
    assert_int_equal(all.rows_total, 20);
}

static void a_batch_that_announced_no_size_is_never_complete(void **state)
{
    (void)state;
    struct batch_totals totals = COMPUTE(0, 0, {"import_1_a", 1, 10, 0, NULL});

    assert_false(totals.is_complete);
}

/* ---- entries ---- */

static void a_finished_job_is_remembered_with_its_part_and_outcome(void **state)
{
    (void)state;
    bson_t *job = job_of("import_1_a", 2, "completed");
    bson_t *entry = batch_entry(job);
    bson_t *batch = batch_of(3, 0, (const struct part[]){{"import_1_a", 2, 10, 1, NULL}}, 1);

    assert_int_equal(document_int64(entry, "part", 0), 2);
    assert_int_equal(document_int64(entry, "total", 0), 10);
    assert_int_equal(document_int64(entry, "successful", 0), 3);
    assert_int_equal(document_int64(entry, "failed", 0), 1);
    assert_string_equal(document_text(entry, "status"), "completed");
    assert_true(batch_has_job(batch, "import_1_a"));
    assert_false(batch_has_job(batch, "import_1_b"));
    bson_destroy(batch);
    bson_destroy(entry);
    bson_destroy(job);
}

/* ---- summary ---- */

static void a_summary_tells_seen_missing_and_duplicated_parts(void **state)
{
    (void)state;
    const struct part parts[] = {{"import_1_a", 1, 10, 0, NULL},
                                 {"import_2_b", 4, 10, 2, NULL},
                                 {"import_3_c", 4, 20, 3, NULL}};
    bson_t *batch = batch_of(5, 0, parts, 3);
    bson_t *summary = batch_summarise(batch, NULL, 0);

    assert_string_equal(document_text(summary, "batch_id"), "weekly");
    assert_string_equal(document_text(summary, "status"), "open");
    assert_int_equal(length(summary, "parts_seen"), 2);
    assert_int_equal(document_int64(summary, "parts_seen.1", 0), 4);
    assert_int_equal(length(summary, "parts_missing"), 3);
    assert_int_equal(document_int64(summary, "parts_missing.0", 0), 2);
    assert_int_equal(document_int64(summary, "parts_missing.2", 0), 5);
    assert_int_equal(document_int64(summary, "parts_missing_count", 0), 3);
    assert_int_equal(length(summary, "parts_duplicated"), 1);
    assert_int_equal(document_int64(summary, "parts_duplicated.0", 0), 4);
    assert_int_equal(document_int64(summary, "rows_total", 0), 30);
    assert_int_equal(document_int64(summary, "rows_failed", 0), 3);
    assert_int_equal(length(summary, "jobs"), 3);
    bson_destroy(summary);
    bson_destroy(batch);
}

static void jobs_under_way_make_a_batch_processing_and_count_with_what_they_have(void **state)
{
    (void)state;
    bson_t *running = job_of("import_5_a", 2, "processing");
    bson_t *ended = job_of("import_1_a", 1, "completed");
    const bson_t *jobs[] = {running, ended};
    bson_t *batch = batch_of(3, 0, (const struct part[]){{"import_1_a", 1, 10, 0, NULL}}, 1);
    bson_t *summary = batch_summarise(batch, jobs, 2);

    assert_string_equal(document_text(summary, "status"), "processing");
    assert_int_equal(length(summary, "jobs"), 2);
    assert_int_equal(document_int64(summary, "rows_total", 0), 20);
    assert_int_equal(document_int64(summary, "rows_processed", 0), 14);
    assert_string_equal(document_text(summary, "jobs.1.job_id"), "import_5_a");
    bson_destroy(summary);
    bson_destroy(batch);
    bson_destroy(ended);
    bson_destroy(running);
}

static void a_batch_can_be_summarised_before_any_of_its_jobs_has_ended(void **state)
{
    (void)state;
    bson_t *job = job_of("import_5_a", 2, "pending");
    bson_t *summary = batch_summarise(NULL, (const bson_t *[]){job}, 1);

    assert_string_equal(document_text(summary, "batch_id"), "weekly");
    assert_string_equal(document_text(summary, "status"), "processing");
    assert_int_equal(document_int64(summary, "batch_total_parts", 0), 3);
    assert_int_equal(document_int64(summary, "parts_missing_count", 0), 2);
    bson_destroy(summary);
    bson_destroy(job);
}

static void a_completed_batch_stays_completed_when_a_part_comes_again(void **state)
{
    (void)state;
    bson_t *again = job_of("import_9_a", 1, "processing");
    bson_t *batch = batch_of(1, 0, (const struct part[]){{"import_1_a", 1, 10, 0, NULL}}, 1);
    bson_t *completed = bson_new();

    bson_copy_to_excluding_noinit(batch, completed, "status", NULL);
    BSON_APPEND_UTF8(completed, "status", "completed");
    bson_t *summary = batch_summarise(completed, (const bson_t *[]){again}, 1);

    assert_string_equal(document_text(summary, "status"), "completed");
    assert_int_equal(length(summary, "parts_duplicated"), 1);
    bson_destroy(summary);
    bson_destroy(completed);
    bson_destroy(batch);
    bson_destroy(again);
}

static void an_absurd_number_of_parts_costs_neither_time_nor_memory(void **state)
{
    (void)state;
    const struct part parts[] = {{"import_1_a", 2, 1, 0, NULL},
                                 {"import_2_b", INT64_MAX, 1, 0, NULL}};
    bson_t *batch = batch_of(INT64_MAX, 0, parts, 2);
    bson_t *summary = batch_summarise(batch, NULL, 0);

    assert_int_equal(length(summary, "parts_missing"), BATCH_MAX_LISTED);
    assert_int_equal(document_int64(summary, "parts_missing.0", 0), 1);
    assert_int_equal(document_int64(summary, "parts_missing.1", 0), 3);
    assert_true(document_int64(summary, "parts_missing_count", 0) == INT64_MAX - 2);
    bson_destroy(summary);
    bson_destroy(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_complete_when_every_part_is_done),
        cmocka_unit_test(a_part_sent_twice_counts_once_and_its_newest_job_speaks_for_it),
        cmocka_unit_test(a_part_whose_newest_job_failed_is_not_done),
        cmocka_unit_test(parts_beyond_the_announced_number_do_not_stand_for_missing_ones),
        cmocka_unit_test(without_parts_a_batch_is_complete_when_its_items_are_in),
        cmocka_unit_test(a_batch_that_announced_no_size_is_never_complete),
        cmocka_unit_test(a_finished_job_is_remembered_with_its_part_and_outcome),
        cmocka_unit_test(a_summary_tells_seen_missing_and_duplicated_parts),
        cmocka_unit_test(jobs_under_way_make_a_batch_processing_and_count_with_what_they_have),
        cmocka_unit_test(a_batch_can_be_summarised_before_any_of_its_jobs_has_ended),
        cmocka_unit_test(a_completed_batch_stays_completed_when_a_part_comes_again),
        cmocka_unit_test(an_absurd_number_of_parts_costs_neither_time_nor_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
