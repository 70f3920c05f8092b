#include "support/database.h"
#include "support/test.h"

#include "domain/document.h"
#include "domain/unknown.h"
#include "message/message.h"
#include "store/progress.h"

#include <stdio.h>
#include <stdlib.h>

/* Unknown fields on their way from the chunks to the job, on the real database. */

static void insert_job(const char *id, uint32_t lanes)
{
    AUTO(bson)
    bson_t *job = BCON_NEW("_id", BCON_UTF8(id), "tenant", "acme", "status", "pending",
                           "total_chunks", BCON_INT64(9), "lanes", BCON_INT64(lanes));
    struct err err;

    assert_ok(store_insert(database.session, "import_jobs", job, &err), &err);
}

static struct chunk_done chunk_of(const char *job_id, uint32_t number, uint32_t lanes)
{
    return (struct chunk_done){.origin = {.job_id = job_id,
                                          .tenant = "acme",
                                          .entity = "products",
                                          .chunk = number,
                                          .lane = number % lanes,
                                          .lanes = lanes},
                               .stage = CHUNK_APPLIED,
                               .unknown = {.arena = database.arena}};
}

static enum progress_effect fold(const struct chunk_done *done)
{
    struct progress progress;
    struct err err;

    assert_ok(progress_fold_applied(database.session, done, &progress, &err), &err);
    bson_destroy(progress.job);
    return progress.effect;
}

/* What the job has of a lane. */
static struct name_tally tally_of(const char *job_id, const char *path)
{
    struct name_tally tally = {.arena = database.arena};
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    assert_ok(store_get(database.session, "import_jobs", job_id, &job, &err), &err);
    unknown_add_stored(&tally, job, path);
    return tally;
}

static void the_chunks_of_a_lane_add_up_however_often_they_come(void **state)
{
    (void)state;
    struct chunk_done first = chunk_of("sum", 0, 1);
    struct chunk_done second = chunk_of("sum", 1, 1);
    struct chunk_done third = chunk_of("sum", 2, 1);

    insert_job("sum", 1);
    tally_add(&first.unknown, "prise", 2);
    tally_add(&third.unknown, "shelf", 1);
    tally_add(&third.unknown, "prise", 3);
    assert_int_equal(fold(&first), PROGRESS_FOLDED);
    assert_int_equal(fold(&first), PROGRESS_DUPLICATE);
    assert_int_equal(fold(&second), PROGRESS_FOLDED);
    assert_int_equal(fold(&third), PROGRESS_FOLDED);
    assert_int_equal(fold(&third), PROGRESS_DUPLICATE);
    assert_int_equal(fold(&first), PROGRESS_DUPLICATE);

    struct name_tally tally = tally_of("sum", "unknown_fields.0");

    assert_int_equal(tally.count, 2);
    assert_string_equal(tally.entries[0].name, "prise");
    assert_int_equal(tally.entries[0].count, 5);
    assert_int_equal(tally.entries[1].count, 1);
}

static void each_lane_counts_for_itself(void **state)
{
    (void)state;
    struct chunk_done even = chunk_of("lanes", 0, 2);
    struct chunk_done odd = chunk_of("lanes", 1, 2);

    insert_job("lanes", 2);
    tally_add(&even.unknown, "prise", 2);
    tally_add(&odd.unknown, "prise", 3);
    fold(&odd);
    fold(&even);
    assert_int_equal(tally_of("lanes", "unknown_fields.0").entries[0].count, 2);
    assert_int_equal(tally_of("lanes", "unknown_fields.1").entries[0].count, 3);
}

static void a_lost_message_is_made_up_for_from_its_receipt(void **state)
{
    (void)state;
    struct chunk_done lost = chunk_of("lost", 0, 1);
    struct chunk_done next = chunk_of("lost", 1, 1);
    AUTO(bson) bson_t *receipt = BCON_NEW("_id", "lost|0");
    struct err err;

    insert_job("lost", 1);
    tally_add(&lost.unknown, "prise", 4);
    tally_add(&next.unknown, "prise", 1);
    unknown_append(receipt, "unknown_fields", &lost.unknown);
    assert_ok(store_insert(database.session, "import_receipts", receipt, &err), &err);
    assert_int_equal(fold(&next), PROGRESS_FOLDED);
    assert_int_equal(tally_of("lost", "unknown_fields.0").entries[0].count, 5);
}

static void a_job_keeps_the_first_50_names(void **state)
{
    (void)state;

    insert_job("many", 1);
    for (uint32_t number = 0; number < 4; number++) {
        struct chunk_done done = chunk_of("many", number, 1);

        for (int i = 0; i < 30; i++) {
            tally_add(&done.unknown, arena_printf(database.arena, "%u-%d", number, i), 1);
        }
        assert_int_equal(fold(&done), PROGRESS_FOLDED);
    }
    struct name_tally tally = tally_of("many", "unknown_fields.0");

    assert_int_equal(tally.count, 50);
    assert_string_equal(tally.entries[49].name, "1-19");
}

static void unknown_fields_of_an_unknown_job_harm_nobody(void **state)
{
    (void)state;
    struct chunk_done done = chunk_of("nobody", 0, 1);

    tally_add(&done.unknown, "prise", 1);
    assert_int_equal(fold(&done), PROGRESS_UNKNOWN_JOB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chunks_of_a_lane_add_up_however_often_they_come),
        cmocka_unit_test(each_lane_counts_for_itself),
        cmocka_unit_test(a_lost_message_is_made_up_for_from_its_receipt),
        cmocka_unit_test(a_job_keeps_the_first_50_names),
        cmocka_unit_test(unknown_fields_of_an_unknown_job_harm_nobody),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
