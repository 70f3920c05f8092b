#include "support/database.h"
#include "support/test.h"

#include "domain/document.h"
#include "store/jobs.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 1000000 };

static void insert_job_at(const char *tenant, const char *job_id, int64_t now_ms)
{
    struct import_envelope envelope = {.merge_mode = "replace",
                                       .source_id = "feed",
                                       .batch_id = "weekly",
                                       .batch_part = 1,
                                       .batch_total_parts = -1,
                                       .batch_total_items = -1};
    struct job_new job = {.job_id = job_id,
                          .tenant = tenant,
                          .entity = "products",
                          .channel = "queue",
                          .envelope = &envelope,
                          .total_rows = 600,
                          .total_chunks = 3,
                          .lanes = 1,
                          .plan = 0xfedcba9876543210u,
                          .settings = STR("settings"),
                          .trace_id = "t",
                          .now_ms = now_ms};
    struct err err;

    assert_ok(jobs_insert(database.session, &job, &err), &err);
}

static void insert_job(const char *job_id)
{
    insert_job_at("acme", job_id, NOW);
}

static bson_t *get_job(const char *job_id)
{
    bson_t *job = NULL;
    struct err err;

    assert_ok(jobs_get(database.session, "acme", job_id, &job, &err), &err);
    return job;
}

static enum job_acceptance settle(const char *job_id, enum job_acceptance wanted)
{
    struct job_settlement settlement = {job_id, wanted, "unavailable", "Kafka is away", NOW + 5};
    enum job_acceptance stands;
    struct err err;

    assert_ok(jobs_settle(database.session, &settlement, &stands, &err), &err);
    return stands;
}

/* ---- acceptance ---- */

static void a_new_job_is_accepting_and_pending_with_zero_counters(void **state)
{
    (void)state;
    insert_job("new");
    AUTO(bson) bson_t *job = get_job("new");

    assert_int_equal(job_acceptance(job), JOB_ACCEPTING);
    assert_string_equal(document_text(job, "status"), "pending");
    assert_int_equal(document_int64(job, "total_rows", -1), 600);
    assert_int_equal(document_int64(job, "total_chunks", -1), 3);
    assert_int_equal(document_int64(job, "processed_rows", -1), 0);
    assert_int_equal(document_int64(job, "batch_part", -1), 1);
    assert_true((uint64_t)document_int64(job, "plan", 0) == 0xfedcba9876543210u);
}

static void an_open_job_does_not_say_how_long_it_is(void **state)
{
    struct import_envelope envelope = {.merge_mode = "replace"};
    struct job_new open = {.job_id = "open",
                           .tenant = "acme",
                           .entity = "brands",
                           .channel = "api",
                           .envelope = &envelope,
                           .is_open = true,
                           .lanes = 1,
                           .settings = STR("s"),
                           .trace_id = "t"};
    bson_iter_t total;
    struct err err;

    (void)state;
    assert_ok(jobs_insert(database.session, &open, &err), &err);
    AUTO(bson) bson_t *job = get_job("open");
    assert_true(document_find(job, "total_rows", &total) && BSON_ITER_HOLDS_NULL(&total));
    assert_true(document_find(job, "total_chunks", &total) && BSON_ITER_HOLDS_NULL(&total));
}

static void a_job_id_is_inserted_once(void **state)
{
    struct import_envelope envelope = {.merge_mode = "replace"};
    struct job_new job = {.job_id = "once",
                          .tenant = "acme",
                          .entity = "products",
                          .channel = "queue",
                          .envelope = &envelope,
                          .settings = STR("s"),
                          .trace_id = "t"};
    struct err err;

    (void)state;
    insert_job("once");
    assert_false(jobs_insert(database.session, &job, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
}

static void whoever_settles_second_learns_what_the_first_decided(void **state)
{
    (void)state;
    insert_job("yes");
    assert_int_equal(settle("yes", JOB_ACCEPTED), JOB_ACCEPTED);
    assert_int_equal(settle("yes", JOB_ABANDONED), JOB_ACCEPTED);
    insert_job("no");
    assert_int_equal(settle("no", JOB_ABANDONED), JOB_ABANDONED);
    assert_int_equal(settle("no", JOB_ACCEPTED), JOB_ABANDONED);
}

static void an_abandoned_job_has_failed_and_says_why(void **state)
{
    (void)state;
    insert_job("why");
    settle("why", JOB_ABANDONED);
    AUTO(bson) bson_t *job = get_job("why");

    assert_string_equal(document_text(job, "status"), "failed");
    assert_string_equal(document_text(job, "failure.code"), "unavailable");
    assert_string_equal(document_text(job, "failure.error"), "Kafka is away");
}

struct settler {
    pthread_t thread;
    enum job_acceptance wanted;
    enum job_acceptance stands;
    bool ok;
};

static void *settle_once(void *ctx)
{
    struct settler *settler = ctx;
    struct store_session *own = NULL;
    struct job_settlement settlement = {"race", settler->wanted, "unavailable", "why", NOW};
    struct err err;

    settler->ok = store_session_open(database.store, &own, &err) &&
                  jobs_settle(own, &settlement, &settler->stands, &err);
    store_session_close(own);
    return NULL;
}

static void an_ingress_and_an_importer_that_settle_at_once_agree(void **state)
{
    struct settler settlers[] = {{.wanted = JOB_ACCEPTED}, {.wanted = JOB_ABANDONED}};

    (void)state;
    insert_job("race");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&settlers[i].thread, NULL, settle_once, &settlers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(settlers[i].thread, NULL);
        assert_true(settlers[i].ok);
    }
    assert_int_equal(settlers[0].stands, settlers[1].stands);
}

static void an_abandoned_job_stays_abandoned_when_it_is_resumed(void **state)
{
    AUTO(bson) bson_t *resumed = NULL;
    struct err err;

    (void)state;
    insert_job("again");
    settle("again", JOB_ABANDONED);
    assert_ok(jobs_resume(database.session, "again", 5000, &resumed, &err), &err);
    assert_int_equal(job_acceptance(resumed), JOB_ABANDONED);
    assert_string_equal(document_text(resumed, "status"), "failed");
    assert_int_equal(settle("again", JOB_ACCEPTED), JOB_ABANDONED);
}

static void an_accepted_job_stays_accepted_when_it_is_resumed(void **state)
{
    AUTO(bson) bson_t *resumed = NULL;
    bson_t *none = NULL;
    struct err err;

    (void)state;
    insert_job("kept");
    settle("kept", JOB_ACCEPTED);
    assert_ok(jobs_resume(database.session, "kept", 5000, &resumed, &err), &err);
    assert_int_equal(job_acceptance(resumed), JOB_ACCEPTED);
    assert_false(jobs_resume(database.session, "never", 5000, &none, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void only_jobs_that_stay_in_acceptance_are_given_up(void **state)
{
    AUTO(bson) bson_t *job = NULL;
    AUTO(bson) bson_t *resumed = NULL;
    size_t count = 0;
    struct err err;

    (void)state;
    insert_job("stale");
    insert_job("revived");
    insert_job("settled");
    settle("settled", JOB_ACCEPTED);
    int64_t later = clock_now_ms() + 1000000;
    assert_ok(jobs_resume(database.session, "revived", later, &resumed, &err), &err);
    assert_ok(jobs_abandon_stale(database.session, later, later, &count, &err), &err);
    assert_true(count >= 1);
    assert_ok(store_get(database.session, "import_jobs", "stale", &job, &err), &err);
    assert_int_equal(job_acceptance(job), JOB_ABANDONED);
    assert_string_equal(document_text(job, "failure.code"), "not_accepted");
    assert_int_equal(settle("revived", JOB_ACCEPTED), JOB_ACCEPTED);
    assert_int_equal(settle("settled", JOB_ABANDONED), JOB_ACCEPTED);
}

/* ---- reading ---- */

static void set_status(const char *job_id, const char *status)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(job_id));
    AUTO(bson) bson_t *update = BCON_NEW("$set", "{", "status", BCON_UTF8(status), "}");
    struct err err;

    assert_ok(store_update(database.session, "import_jobs", filter, update, false, NULL, &err),
              &err);
}

static bool note_status(void *ctx, const bson_t *job)
{
    char *found = ctx;
    size_t length = strlen(found);

    snprintf(found + length, 64 - length, "%s;", document_text(job, "status"));
    return true;
}

static void of_many_jobs_those_that_have_ended_are_found(void **state)
{
    static const char *const ids[] = {"end_pending", "end_processing", "end_failed", "end_never"};
    char found[64] = "";
    struct err err;

    (void)state;
    insert_job("end_pending");
    insert_job("end_processing");
    insert_job("end_failed");
    insert_job("end_completed");
    set_status("end_processing", "processing");
    set_status("end_failed", "failed");
    set_status("end_completed", "completed");
    assert_ok(jobs_find_ended(database.session, ids, 4, note_status, found, &err), &err);
    assert_string_equal(found, "failed;");
    assert_ok(jobs_find_ended(database.session, (const char *const[]){"end_completed"}, 1,
                              note_status, found, &err),
              &err);
    assert_string_equal(found, "failed;completed;");
}

static void another_tenants_job_does_not_exist(void **state)
{
    bson_t *job = NULL;
    struct err err;

    (void)state;
    insert_job("mine");
    assert_false(jobs_get(database.session, "globex", "mine", &job, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

struct ids {
    char text[256];
    int64_t last_ms;
    char last_id[64];
};

static bool collect_id(void *ctx, const bson_t *document)
{
    struct ids *ids = ctx;
    bson_iter_t created;

    snprintf(ids->last_id, sizeof(ids->last_id), "%s", document_text(document, "_id"));
    strcat(strcat(ids->text, ids->last_id), " ");
    if (bson_iter_init_find(&created, document, "created_at")) {
        ids->last_ms = bson_iter_date_time(&created);
    }
    return true;
}

static void jobs_are_listed_newest_first_page_by_page(void **state)
{
    struct jobs_query query = {.tenant = "listed", .limit = 3};
    struct ids first = {0};
    struct ids second = {0};
    int64_t count;
    struct err err;

    (void)state;
    insert_job_at("listed", "a", NOW);
    insert_job_at("listed", "b", NOW + 1);
    insert_job_at("listed", "c", NOW + 1);
    insert_job_at("listed", "d", NOW + 1);
    insert_job_at("listed", "e", NOW + 2);
    assert_ok(jobs_find(database.session, &query, collect_id, &first, &err), &err);
    assert_string_equal(first.text, "e d c ");
    query.before_ms = first.last_ms;
    query.before_id = first.last_id;
    assert_ok(jobs_find(database.session, &query, collect_id, &second, &err), &err);
    assert_string_equal(second.text, "b a ");
    query = (struct jobs_query){.tenant = "listed", .status = "pending"};
    assert_ok(jobs_count(database.session, &query, &count, &err), &err);
    assert_int_equal(count, 5);
    query.entity = "customers";
    assert_ok(jobs_count(database.session, &query, &count, &err), &err);
    assert_int_equal(count, 0);
}

static void insert_finding(const char *id, int64_t row, const char *severity)
{
    AUTO(bson)
    bson_t *document = BCON_NEW("_id", BCON_UTF8(id), "row", BCON_INT64(row), "findings", "[", "{",
                                "severity", BCON_UTF8(severity), "}", "]");
    struct err err;

    assert_ok(store_insert(database.session, "import_errors", document, &err), &err);
}

static void findings_are_listed_in_row_order_for_one_job_and_severity(void **state)
{
    struct job_rows_query query = {"q_1", "error", -1, 10};
    struct ids all = {0};
    struct ids rest = {0};
    struct err err;

    (void)state;
    insert_finding("q_1|00000010", 10, "error");
    insert_finding("q_1|00000002", 2, "error");
    insert_finding("q_1|00000005", 5, "warning");
    insert_finding("q_10|00000001", 1, "error");
    insert_finding("q_|00000001", 1, "error");
    assert_ok(jobs_find_rows(database.session, &query, collect_id, &all, &err), &err);
    assert_string_equal(all.text, "q_1|00000002 q_1|00000010 ");
    query.after_row = 2;
    assert_ok(jobs_find_rows(database.session, &query, collect_id, &rest, &err), &err);
    assert_string_equal(rest.text, "q_1|00000010 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_job_is_accepting_and_pending_with_zero_counters),
        cmocka_unit_test(an_open_job_does_not_say_how_long_it_is),
        cmocka_unit_test(a_job_id_is_inserted_once),
        cmocka_unit_test(whoever_settles_second_learns_what_the_first_decided),
        cmocka_unit_test(an_abandoned_job_has_failed_and_says_why),
        cmocka_unit_test(an_ingress_and_an_importer_that_settle_at_once_agree),
        cmocka_unit_test(an_abandoned_job_stays_abandoned_when_it_is_resumed),
        cmocka_unit_test(an_accepted_job_stays_accepted_when_it_is_resumed),
        cmocka_unit_test(only_jobs_that_stay_in_acceptance_are_given_up),
        cmocka_unit_test(of_many_jobs_those_that_have_ended_are_found),
        cmocka_unit_test(another_tenants_job_does_not_exist),
        cmocka_unit_test(jobs_are_listed_newest_first_page_by_page),
        cmocka_unit_test(findings_are_listed_in_row_order_for_one_job_and_severity),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
