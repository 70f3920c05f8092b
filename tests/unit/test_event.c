#include "support/test.h"

#include "domain/document.h"
#include "domain/event.h"

#include <bson/bson.h>
#include <string.h>

static const char *header(const struct event *event, const char *key)
{
    for (size_t i = 0; event->headers[i].key; i++) {
        if (strcmp(event->headers[i].key, key) == 0) {
            return event->headers[i].value;
        }
    }
    return NULL;
}

static bson_t *job_of(const char *entity, const char *status)
{
    return BCON_NEW("_id", "import_1714142335123_a4f9k2", "tenant", "acme", "entity",
                    BCON_UTF8(entity), "status", BCON_UTF8(status), "merge_mode", "partial",
                    "trace_id", "4bf92f3577b34da6a3ce929d0e0e4736", "total_rows", BCON_INT64(10),
                    "successful_rows", BCON_INT64(9), "failed_rows", BCON_INT64(1), "started_at",
                    BCON_DATE_TIME(1714142335500), "completed_at", BCON_DATE_TIME(1714142336020),
                    "duration_seconds", BCON_DOUBLE(0.52));
}

static void a_completion_event_is_a_cloudevent_in_kafka_binary_mode(void **state)
{
    struct arena *arena = arena_new();
    bson_t *job = job_of("products", "completed");
    struct event event = event_of_job(arena, job);

    (void)state;
    assert_string_equal(event.key, "import_1714142335123_a4f9k2");
    assert_string_equal(header(&event, "ce_specversion"), "1.0");
    assert_string_equal(header(&event, "ce_id"), "import_1714142335123_a4f9k2");
    assert_string_equal(header(&event, "ce_source"), "/consign/job-tracker");
    assert_string_equal(header(&event, "ce_type"), "consign.import.completed.v1");
    assert_string_equal(header(&event, "ce_subject"), "import_1714142335123_a4f9k2");
    assert_string_equal(header(&event, "ce_time"), "2024-04-26T14:38:56.020Z");
    assert_string_equal(header(&event, "ce_tenant"), "acme");
    assert_string_equal(header(&event, "content-type"), "application/json");
    assert_memory_equal(header(&event, "ce_traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-",
                        36);
    bson_destroy(job);
    arena_free(arena);
}

static void the_same_job_makes_the_same_event_again(void **state)
{
    struct arena *arena = arena_new();
    bson_t *job = job_of("products", "completed");
    struct event first = event_of_job(arena, job);
    struct event second = event_of_job(arena, job);

    (void)state;
    for (size_t i = 0; first.headers[i].key; i++) {
        assert_string_equal(first.headers[i].value, header(&second, first.headers[i].key));
    }
    assert_true(bson_equal(first.data, second.data));
    bson_destroy(job);
    arena_free(arena);
}

static void an_event_carries_the_outcome_and_says_where_the_errors_are(void **state)
{
    struct arena *arena = arena_new();
    bson_t *products = job_of("products", "completed");
    bson_t *customers = job_of("customers", "completed");
    struct event product_event = event_of_job(arena, products);
    struct event customer_event = event_of_job(arena, customers);
    bson_iter_t at;

    (void)state;
    assert_string_equal(document_text(product_event.data, "job_id"), "import_1714142335123_a4f9k2");
    assert_int_equal(document_int64(product_event.data, "successful_rows", 0), 9);
    assert_int_equal(document_int64(product_event.data, "created_rows", -1), 0);
    assert_true(bson_iter_init_find(&at, product_event.data, "batch_id"));
    assert_true(BSON_ITER_HOLDS_NULL(&at));
    assert_string_equal(document_text(product_event.data, "errors_url"),
                        "/api/b2b/pim/jobs/import_1714142335123_a4f9k2/errors");
    assert_string_equal(document_text(customer_event.data, "errors_url"),
                        "/api/b2b/customers/import/api/import_1714142335123_a4f9k2/errors");
    bson_destroy(customers);
    bson_destroy(products);
    arena_free(arena);
}

static void the_end_of_a_brands_import_says_which_brand_it_was(void **state)
{
    struct arena *arena = arena_new();
    bson_t *brand = job_of("brands", "completed");
    bson_t *products = job_of("products", "completed");

    (void)state;
    BSON_APPEND_UTF8(brand, "entity_id", "brand_acme");
    BSON_APPEND_NULL(products, "entity_id");
    struct event event = event_of_job(arena, brand);

    assert_string_equal(document_text(event.data, "entity"), "brands");
    assert_string_equal(document_text(event.data, "entity_id"), "brand_acme");
    assert_string_equal(document_text(event.data, "errors_url"),
                        "/api/b2b/pim/jobs/import_1714142335123_a4f9k2/errors");
    assert_false(bson_has_field(event_of_job(arena, products).data, "entity_id"));
    bson_destroy(products);
    bson_destroy(brand);
    arena_free(arena);
}

static void a_failed_job_is_told_with_the_reason(void **state)
{
    struct arena *arena = arena_new();
    bson_t *job = job_of("products", "failed");

    (void)state;
    BCON_APPEND(job, "failure", "{", "code", "chunk_unreadable", "error", "no ImportChunk", "}");
    struct event event = event_of_job(arena, job);

    assert_string_equal(document_text(event.data, "status"), "failed");
    assert_string_equal(document_text(event.data, "failure.code"), "chunk_unreadable");
    bson_destroy(job);
    arena_free(arena);
}

static void a_job_without_a_trace_has_no_traceparent(void **state)
{
    struct arena *arena = arena_new();
    bson_t *job = BCON_NEW("_id", "import_1_a", "trace_id", "");
    struct event event = event_of_job(arena, job);

    (void)state;
    assert_null(header(&event, "ce_traceparent"));
    bson_destroy(job);
    arena_free(arena);
}

static void a_batch_event_sums_up_its_parts_and_names_its_jobs(void **state)
{
    struct arena *arena = arena_new();
    bson_t *batch =
        BCON_NEW("_id", "acme|week 17/b%7C", "tenant", "acme", "batch_id", "week 17/b|", "entity",
                 "products", "status", "completed", "total_parts", BCON_INT64(1), "jobs", "{",
                 "import_1_a", "{", "part", BCON_INT64(1), "total", BCON_INT64(5), "successful",
                 BCON_INT64(4), "failed", BCON_INT64(1), "status", "completed", "}", "}",
                 "created_at", BCON_DATE_TIME(1000), "completed_at", BCON_DATE_TIME(2000));
    struct event event = event_of_batch(arena, batch);

    (void)state;
    assert_string_equal(event.key, "week 17/b|");
    assert_string_equal(header(&event, "ce_id"), "acme|week 17/b%7C");
    assert_string_equal(header(&event, "ce_type"), "consign.batch.completed.v1");
    assert_string_equal(header(&event, "ce_subject"), "week 17/b|");
    assert_int_equal(document_int64(event.data, "rows_successful", 0), 4);
    assert_int_equal(document_int64(event.data, "jobs_total", 0), 1);
    assert_string_equal(document_text(event.data, "jobs.0.job_id"), "import_1_a");
    assert_string_equal(document_text(event.data, "batch_url"),
                        "/api/b2b/batches/week%2017%2Fb%7C");
    bson_destroy(batch);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_completion_event_is_a_cloudevent_in_kafka_binary_mode),
        cmocka_unit_test(the_same_job_makes_the_same_event_again),
        cmocka_unit_test(an_event_carries_the_outcome_and_says_where_the_errors_are),
        cmocka_unit_test(the_end_of_a_brands_import_says_which_brand_it_was),
        cmocka_unit_test(a_failed_job_is_told_with_the_reason),
        cmocka_unit_test(a_job_without_a_trace_has_no_traceparent),
        cmocka_unit_test(a_batch_event_sums_up_its_parts_and_names_its_jobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
