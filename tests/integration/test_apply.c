#include "support/apply_fixture.h"

#include "base/clock.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "message/topics.h"
#include "runtime/dead_letter.h"
#include "store/writers.h"
#include "support/test.h"

#include <pthread.h>
#include <string.h>

/* The write path against a real MongoDB and a real Kafka. */

static void a_chunk_delivered_twice_is_applied_once(void **state)
{
    const char *job = new_job("accepted");
    struct chunk_spec spec = {.job_id = job, .rows = {"{'entity_code':'twice'}"}};

    (void)state;
    assert_applied(&entity_products, &spec, 1);
    assert_applied(&entity_products, &spec, 1);
    assert_int_equal(version_of("acme|twice"), 1);
    assert_int_equal(count_in("import_receipts", "job_id", job), 1);
    assert_int_equal(count_in("product_versions", "entity_code", "twice"), 0);
}

static void a_run_with_an_old_and_a_new_chunk_applies_only_the_new_one(void **state)
{
    const char *job = new_job("accepted");
    struct chunk_spec specs[] = {{.job_id = job, .rows = {"{'entity_code':'mixed'}"}},
                                 {.job_id = job, .number = 1, .rows = {"{'entity_code':'mixed'}"}}};

    (void)state;
    assert_applied(&entity_products, specs, 1);
    assert_applied(&entity_products, specs, 2);
    assert_int_equal(version_of("acme|mixed"), 2);
    assert_int_equal(count_in("product_versions", "entity_code", "mixed"), 1);
}

static void a_chunk_that_stands_twice_in_one_run_is_applied_once(void **state)
{
    const char *job = new_job("accepted");
    struct chunk_spec chunk = {.job_id = job, .rows = {"{'entity_code':'again'}", "{'price':1}"}};
    struct chunk_spec next = {.job_id = job, .number = 1, .rows = {"{'entity_code':'again'}"}};
    struct chunk_spec specs[] = {chunk, next, chunk, next};

    (void)state;
    assert_applied(&entity_products, specs, 4);
    assert_int_equal(version_of("acme|again"), 2);
    assert_int_equal(count_in("import_receipts", "job_id", job), 2);
    assert_int_equal(count_in("import_errors", "job_id", job), 1);
}

static void one_code_in_several_rows_makes_versions_in_row_order(void **state)
{
    const char *job = new_job("accepted");
    struct chunk_spec spec = {.job_id = job,
                              .rows = {"{'entity_code':'rows','price':1}",
                                       "{'entity_code':'rows','price':2}",
                                       "{'entity_code':'rows','price':3}"}};

    (void)state;
    assert_applied(&entity_products, &spec, 1);
    assert_int_equal(version_of("acme|rows"), 3);
    for (int version = 1; version <= 2; version++) {
        AUTO(bson)
        bson_t *old =
            stored("product_versions", arena_printf(fixture.arena, "acme|rows|%d", version));

        assert_non_null(old);
        assert_int_equal(document_int64(old, "price", 0), version);
        assert_false(document_bool(old, "isCurrent", true));
    }
}

static void a_receipt_tells_of_the_fields_that_nobody_knows(void **state)
{
    const char *job = new_job("accepted");
    struct chunk_spec spec = {.job_id = job,
                              .rows = {"{'entity_code':'unknown1','prise':1,'price':2}",
                                       "{'entity_code':'unknown2','shelf':'A','prise':null}"}};

    (void)state;
    assert_applied(&entity_products, &spec, 1);
    AUTO(bson)
    bson_t *receipt = stored("import_receipts", arena_printf(fixture.arena, "%s|0", job));
    assert_string_equal(document_text(receipt, "unknown_fields.0.field"), "prise");
    assert_int_equal(document_int64(receipt, "unknown_fields.0.count", 0), 2);
    assert_string_equal(document_text(receipt, "unknown_fields.1.field"), "shelf");
    assert_int_equal(document_int64(receipt, "unknown_fields.1.count", 0), 1);
}

static void a_bad_row_is_kept_with_its_reasons_and_leaves_the_others_alone(void **state)
{
    const char *job = new_job("accepted");
    struct chunk_spec spec = {.job_id = job,
                              .rows = {"{'entity_code':'good1'}",
                                       "{'entity_code':'bad','price':'12,5'}",
                                       "{'entity_code':'good2'}"}};

    (void)state;
    assert_applied(&entity_products, &spec, 1);
    assert_int_equal(version_of("acme|good1"), 1);
    assert_int_equal(version_of("acme|bad"), 0);
    assert_int_equal(version_of("acme|good2"), 1);
    AUTO(bson)
    bson_t *error = stored("import_errors", arena_printf(fixture.arena, "%s|00000001", job));
    assert_non_null(error);
    assert_string_equal(document_text(error, "findings.0.code"), "wrong_type");
    assert_string_equal(document_text(error, "findings.0.path"), "/price");
    assert_string_equal(document_text(error, "raw_data.price"), "12,5");
    AUTO(bson)
    bson_t *receipt = stored("import_receipts", arena_printf(fixture.arena, "%s|0", job));
    assert_int_equal(document_int64(receipt, "counts.successful", -1), 2);
    assert_int_equal(document_int64(receipt, "counts.failed", -1), 1);
    assert_int_equal(document_int64(receipt, "counts.search_items", -1), 2);
}

struct rival {
    struct bus_message message;
    pthread_t thread;
    bool done;
};

/* Applies the chunk as a consumer does: again after a conflict. */
static void *apply_until_done(void *arg)
{
    struct rival *rival = arg;
    int64_t deadline = clock_monotonic_ms() + 20000;
    struct err err;

    while (!rival->done && clock_monotonic_ms() < deadline) {
        rival->done = apply_messages(&entity_products, &rival->message, 1, &err);
    }
    return NULL;
}

static void two_consumers_with_the_same_chunk_at_once_apply_it_once(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        const char *job = new_job("accepted");
        const char *row = arena_printf(fixture.arena, "{'entity_code':'rival%d'}", round);
        struct bus_message message =
            message_of(&(struct chunk_spec){.job_id = job, .rows = {row, row}});
        struct rival rivals[2] = {{.message = message}, {.message = message}};

        for (int i = 0; i < 2; i++) {
            pthread_create(&rivals[i].thread, NULL, apply_until_done, &rivals[i]);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(rivals[i].thread, NULL);
            assert_true(rivals[i].done);
        }
        assert_int_equal(version_of(arena_printf(fixture.arena, "acme|rival%d", round)), 2);
    }
}

static void two_consumers_that_update_one_product_at_once_make_two_versions(void **state)
{
    struct chunk_spec first = {.job_id = new_job("accepted"), .rows = {"{'entity_code':'shared'}"}};

    (void)state;
    assert_applied(&entity_products, &first, 1);
    for (int round = 1; round <= 20; round++) {
        struct rival rivals[2] = {{.done = false}};

        for (int i = 0; i < 2; i++) {
            rivals[i].message = message_of(&(struct chunk_spec){
                .job_id = new_job("accepted"), .rows = {"{'entity_code':'shared'}"}});
            rivals[i].message.partition = 10 + i;
        }
        for (int i = 0; i < 2; i++) {
            pthread_create(&rivals[i].thread, NULL, apply_until_done, &rivals[i]);
        }
        for (int i = 0; i < 2; i++) {
            pthread_join(rivals[i].thread, NULL);
            assert_true(rivals[i].done);
        }
        assert_int_equal(version_of("acme|shared"), 1 + 2 * round);
        assert_int_equal(count_in("product_versions", "entity_code", "shared"), 2 * round);
    }
}

static void chunks_of_an_abandoned_or_unknown_job_are_left_out(void **state)
{
    struct chunk_spec specs[] = {
        {.job_id = new_job("abandoned"), .rows = {"{'entity_code':'dropped'}"}},
        {.job_id = "queue_import_0_nobody", .rows = {"{'entity_code':'dropped'}"}},
        {.job_id = new_job("accepted"), .rows = {"{'entity_code':'kept'}"}},
    };

    (void)state;
    assert_applied(&entity_products, specs, 3);
    assert_int_equal(version_of("acme|dropped"), 0);
    assert_int_equal(version_of("acme|kept"), 1);
}

static void nothing_is_applied_while_a_job_is_being_accepted(void **state)
{
    const char *job = new_job("accepting");
    struct chunk_spec spec = {.job_id = job, .rows = {"{'entity_code':'early'}"}};
    struct err err;

    (void)state;
    assert_false(apply_specs(&entity_products, &spec, 1, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    assert_int_equal(version_of("acme|early"), 0);

    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(job));
    AUTO(bson) bson_t *accept = BCON_NEW("$set", "{", "acceptance", BCON_UTF8("accepted"), "}");
    assert_ok(store_update(fixture.session, "import_jobs", filter, accept, false, NULL, &err),
              &err);
    assert_applied(&entity_products, &spec, 1);
    assert_int_equal(version_of("acme|early"), 1);
}

static void a_public_code_of_another_company_is_refused_within_one_tenant(void **state)
{
    struct chunk_spec specs[] = {
        {.job_id = new_job("accepted"),
         .entity = "customers",
         .rows = {"{'external_code':'A'}", "{'external_code':'B'}"}},
        {.job_id = new_job("accepted"),
         .entity = "customers",
         .rows = {"{'external_code':'C','public_code':'C000002'}"}},
        {.job_id = new_job_of("globex", "accepted"),
         .entity = "customers",
         .tenant = "globex",
         .rows = {"{'external_code':'D'}", "{'external_code':'E','public_code':'C000002'}"}},
    };

    (void)state;
    assert_applied(&entity_customers, specs, 3);
    AUTO(bson) bson_t *second = stored("customers", "acme|B");
    assert_string_equal(document_text(second, "public_code"), "C000002");
    assert_null(stored("customers", "acme|C"));
    AUTO(bson) bson_t *counter = stored("counters", "acme|public_code");
    assert_int_equal(document_int64(counter, "next", 0), 3);
    AUTO(bson) bson_t *first = stored("customers", "globex|D");
    assert_string_equal(document_text(first, "public_code"), "C000001");
    AUTO(bson) bson_t *other = stored("customers", "globex|E");
    assert_string_equal(document_text(other, "public_code"), "C000002");
}

static void give_up(const struct bus_message *message, const struct err *why)
{
    static const struct entity *const entities[] = {&entity_products, NULL};
    const struct dead_letter letter = {.message = message, .why = why, .attempts = 1};
    struct apply *apply = apply_open(&(struct apply_options){
        .config = &fixture.config, .store = fixture.store, .entities = entities});
    struct err err;

    assert_ok(apply_give_up(apply, &letter, &err), &err);
    apply_close(apply);
}

static void a_message_that_is_no_chunk_fails_its_job_and_is_given_up(void **state)
{
    const char *job_id = new_job("accepted");
    struct bus_message message = {
        .topic = TOPIC_IMPORT_PRODUCTS, .value = STR("garbage"), .headers = {{"job-id", job_id}}};
    struct err err;

    (void)state;
    assert_false(apply_messages(&entity_products, &message, 1, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    give_up(&message, &err);
    AUTO(bson) bson_t *job = stored("import_jobs", job_id);
    assert_string_equal(document_text(job, "status"), "failed");
    assert_string_equal(document_text(job, "failure.code"), "chunk_unreadable");
}

static void a_writer_that_died_in_mid_transaction_does_not_hold_up_its_successor(void **state)
{
    AUTO(store_session) struct store_session *dead = NULL;
    AUTO(bson) bson_t *filter = BCON_NEW("_id", "acme|orphan");
    AUTO(bson) bson_t *touch = BCON_NEW("$set", "{", "touched", BCON_BOOL(true), "}");
    struct chunk_spec spec = {.job_id = new_job("accepted"), .rows = {"{'entity_code':'orphan'}"}};
    struct chunk_spec next = {.job_id = new_job("accepted"), .rows = {"{'entity_code':'orphan'}"}};
    struct err err;

    (void)state;
    assert_applied(&entity_products, &spec, 1);
    assert_ok(store_session_open(fixture.store, &dead, &err), &err);
    assert_ok(writers_take(dead, TOPIC_IMPORT_PRODUCTS "|0", &err), &err);
    assert_ok(store_begin(dead, &err), &err);
    assert_ok(store_update(dead, "products", filter, touch, false, NULL, &err), &err);

    assert_applied(&entity_products, &next, 1);
    assert_int_equal(version_of("acme|orphan"), 2);
    assert_false(store_commit(dead, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chunk_delivered_twice_is_applied_once),
        cmocka_unit_test(a_run_with_an_old_and_a_new_chunk_applies_only_the_new_one),
        cmocka_unit_test(a_chunk_that_stands_twice_in_one_run_is_applied_once),
        cmocka_unit_test(one_code_in_several_rows_makes_versions_in_row_order),
        cmocka_unit_test(a_receipt_tells_of_the_fields_that_nobody_knows),
        cmocka_unit_test(a_bad_row_is_kept_with_its_reasons_and_leaves_the_others_alone),
        cmocka_unit_test(two_consumers_with_the_same_chunk_at_once_apply_it_once),
        cmocka_unit_test(two_consumers_that_update_one_product_at_once_make_two_versions),
        cmocka_unit_test(chunks_of_an_abandoned_or_unknown_job_are_left_out),
        cmocka_unit_test(nothing_is_applied_while_a_job_is_being_accepted),
        cmocka_unit_test(a_public_code_of_another_company_is_refused_within_one_tenant),
        cmocka_unit_test(a_message_that_is_no_chunk_fails_its_job_and_is_given_up),
        cmocka_unit_test(a_writer_that_died_in_mid_transaction_does_not_hold_up_its_successor),
    };

    return cmocka_run_group_tests(tests, apply_fixture_open, apply_fixture_close);
}
