#include "support/test.h"

#include "config/config.h"
#include "domain/document.h"
#include "domain/unknown.h"
#include "message/message.h"
#include "store/progress.h"

#include <stdio.h>
#include <stdlib.h>

/* Unknown fields on their way from the chunks to the job, on the real database. */

struct fixture {
    struct config config;
    struct store *store;
    struct store_session *session;
    struct arena *arena;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err;

    setenv("CONSIGN_DATABASE", test_unique(), 1);
    assert_ok(config_load(&f->config, &err), &err);
    assert_ok(store_open(&f->config, &f->store, &err), &err);
    assert_ok(store_session_open(f->store, &f->session, &err), &err);
    f->arena = arena_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_free(f->arena);
    store_session_close(f->session);
    store_close(f->store);
    config_done(&f->config);
    mem_free(f);
    return 0;
}

static void insert_job(struct fixture *f, const char *id, uint32_t lanes)
{
    AUTO(bson)
    bson_t *job = BCON_NEW("_id", BCON_UTF8(id), "tenant", "acme", "status", "pending",
                           "total_chunks", BCON_INT64(9), "lanes", BCON_INT64(lanes));
    struct err err;

    assert_ok(store_insert(f->session, "import_jobs", job, &err), &err);
}

static struct chunk_done chunk_of(struct fixture *f, const char *job_id, uint32_t number,
                                  uint32_t lanes)
{
    return (struct chunk_done){.origin = {.job_id = job_id,
                                          .tenant = "acme",
                                          .entity = "products",
                                          .chunk = number,
                                          .lane = number % lanes,
                                          .lanes = lanes},
                               .stage = CHUNK_APPLIED,
                               .unknown = {.arena = f->arena}};
}

static enum progress_effect fold(struct fixture *f, const struct chunk_done *done)
{
    struct progress progress;
    struct err err;

    assert_ok(progress_fold_applied(f->session, done, &progress, &err), &err);
    bson_destroy(progress.job);
    return progress.effect;
}

/* What the job has of a lane. */
static struct name_tally tally_of(struct fixture *f, const char *job_id, const char *path)
{
    struct name_tally tally = {.arena = f->arena};
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    assert_ok(store_get(f->session, "import_jobs", job_id, &job, &err), &err);
    unknown_add_stored(&tally, job, path);
    return tally;
}

static void the_chunks_of_a_lane_add_up_however_often_they_come(void **state)
{
    struct fixture *f = *state;
    struct chunk_done first = chunk_of(f, "sum", 0, 1);
    struct chunk_done second = chunk_of(f, "sum", 1, 1);
    struct chunk_done third = chunk_of(f, "sum", 2, 1);

    insert_job(f, "sum", 1);
    tally_add(&first.unknown, "prise", 2);
    tally_add(&third.unknown, "shelf", 1);
    tally_add(&third.unknown, "prise", 3);
    assert_int_equal(fold(f, &first), PROGRESS_FOLDED);
    assert_int_equal(fold(f, &first), PROGRESS_DUPLICATE);
    assert_int_equal(fold(f, &second), PROGRESS_FOLDED);
    assert_int_equal(fold(f, &third), PROGRESS_FOLDED);
    assert_int_equal(fold(f, &third), PROGRESS_DUPLICATE);
    assert_int_equal(fold(f, &first), PROGRESS_DUPLICATE);

    struct name_tally tally = tally_of(f, "sum", "unknown_fields.0");

    assert_int_equal(tally.count, 2);
    assert_string_equal(tally.entries[0].name, "prise");
    assert_int_equal(tally.entries[0].count, 5);
    assert_int_equal(tally.entries[1].count, 1);
}

static void each_lane_counts_for_itself(void **state)
{
    struct fixture *f = *state;
    struct chunk_done even = chunk_of(f, "lanes", 0, 2);
    struct chunk_done odd = chunk_of(f, "lanes", 1, 2);

    insert_job(f, "lanes", 2);
    tally_add(&even.unknown, "prise", 2);
    tally_add(&odd.unknown, "prise", 3);
    fold(f, &odd);
    fold(f, &even);
    assert_int_equal(tally_of(f, "lanes", "unknown_fields.0").entries[0].count, 2);
    assert_int_equal(tally_of(f, "lanes", "unknown_fields.1").entries[0].count, 3);
}

static void a_lost_message_is_made_up_for_from_its_receipt(void **state)
{
    struct fixture *f = *state;
    struct chunk_done lost = chunk_of(f, "lost", 0, 1);
    struct chunk_done next = chunk_of(f, "lost", 1, 1);
    AUTO(bson) bson_t *receipt = BCON_NEW("_id", "lost|0");
    struct err err;

    insert_job(f, "lost", 1);
    tally_add(&lost.unknown, "prise", 4);
    tally_add(&next.unknown, "prise", 1);
    unknown_append(receipt, "unknown_fields", &lost.unknown);
    assert_ok(store_insert(f->session, "import_receipts", receipt, &err), &err);
    assert_int_equal(fold(f, &next), PROGRESS_FOLDED);
    assert_int_equal(tally_of(f, "lost", "unknown_fields.0").entries[0].count, 5);
}

static void a_job_keeps_the_first_50_names(void **state)
{
    struct fixture *f = *state;

    insert_job(f, "many", 1);
    for (uint32_t number = 0; number < 4; number++) {
        struct chunk_done done = chunk_of(f, "many", number, 1);

        for (int i = 0; i < 30; i++) {
            tally_add(&done.unknown, arena_printf(f->arena, "%u-%d", number, i), 1);
        }
        assert_int_equal(fold(f, &done), PROGRESS_FOLDED);
    }
    struct name_tally tally = tally_of(f, "many", "unknown_fields.0");

    assert_int_equal(tally.count, 50);
    assert_string_equal(tally.entries[49].name, "1-19");
}

static void unknown_fields_of_an_unknown_job_harm_nobody(void **state)
{
    struct fixture *f = *state;
    struct chunk_done done = chunk_of(f, "nobody", 0, 1);

    tally_add(&done.unknown, "prise", 1);
    assert_int_equal(fold(f, &done), PROGRESS_UNKNOWN_JOB);
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

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
