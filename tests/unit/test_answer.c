#include "support/test.h"

#include "base/buf.h"
#include "domain/answer.h"
#include "domain/entity.h"
#include "domain/document.h"
#include "json/json.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static bool is_null(const bson_t *document, const char *key)
{
    bson_iter_t iter;

    return bson_iter_init_find(&iter, document, key) && BSON_ITER_HOLDS_NULL(&iter);
}

/* ---- accepted requests ---- */

static void queued_companies_are_answered_as_the_reference_shows(void **state)
{
    struct import_envelope envelope = {.merge_mode = "partial"};
    struct answer_queued queued = {.job_id = "cust_import_1_a", .total = 2, .envelope = &envelope};
    AUTO(bson) bson_t *answer = answer_queued_companies(&queued);
    AUTO(bson)
    bson_t *wanted =
        BCON_NEW("success", BCON_BOOL(true), "job_id", "cust_import_1_a", "total", BCON_INT64(2),
                 "merge_mode", "partial", "message", "Queued 2 customers for import");

    (void)state;
    assert_true(bson_equal(answer, wanted));
}

static void a_queued_entity_is_named_with_the_products_that_were_listed(void **state)
{
    struct import_envelope envelope = {.merge_mode = "replace"};
    struct answer_queued queued = {.job_id = "brand_import_1_a",
                                   .total = 3,
                                   .envelope = &envelope,
                                   .entity = &entity_brands,
                                   .entity_id = "brand_acme"};
    AUTO(bson) bson_t *answer = answer_queued_entity(&queued);
    AUTO(bson)
    bson_t *wanted =
        BCON_NEW("success", BCON_BOOL(true), "job_id", "brand_import_1_a", "status", "queued",
                 "summary", "{", "entity", "brands", "brand_id", "brand_acme", "merge_mode",
                 "replace", "products_listed", BCON_INT64(2), "}", "message",
                 "Queued brand \"brand_acme\" for import. Job ID: brand_import_1_a");

    (void)state;
    assert_true(bson_equal(answer, wanted));
}

static void queued_products_echo_the_batch_metadata(void **state)
{
    AUTO(bson) bson_t *metadata = BCON_NEW("batch_id", "weekly", "batch_part", BCON_INT32(1));
    struct import_envelope envelope = {
        .merge_mode = "replace",
        .source_id = "feed",
        .batch_metadata = {(const char *)bson_get_data(metadata), metadata->len}};
    struct answer_queued queued = {.job_id = "queue_import_1_a", .total = 2, .envelope = &envelope};
    AUTO(bson) bson_t *answer = answer_queued_products(&queued);
    AUTO(bson)
    bson_t *wanted = BCON_NEW("success", BCON_BOOL(true), "job_id", "queue_import_1_a", "status",
                              "queued", "summary", "{", "products_queued", BCON_INT64(2),
                              "source_id", "feed", "batch_metadata", BCON_DOCUMENT(metadata), "}",
                              "message", "Queued 2 products for import. Job ID: queue_import_1_a");

    (void)state;
    assert_true(bson_equal(answer, wanted));
}

static void queued_products_without_a_batch_say_null(void **state)
{
    struct import_envelope envelope = {.merge_mode = "replace", .source_id = "feed"};
    struct answer_queued queued = {.job_id = "queue_import_1_a", .total = 1, .envelope = &envelope};
    AUTO(bson) bson_t *answer = answer_queued_products(&queued);
    bson_iter_t value;

    (void)state;
    assert_true(document_find(answer, "summary.batch_metadata", &value));
    assert_true(BSON_ITER_HOLDS_NULL(&value));
}

/* ---- jobs ---- */

static bson_t *running_job(void)
{
    return BCON_NEW("_id", "queue_import_1_a", "tenant", "acme", "acceptance", "accepted", "status",
                    "processing", "total_rows", BCON_INT64(1000), "processed_rows", BCON_INT64(250),
                    "successful_rows", BCON_INT64(250), "failed_rows", BCON_INT64(0),
                    "published_rows", BCON_INT64(7), "search_batches", BCON_INT64(5), "error_count",
                    BCON_INT64(3), "batch_id", BCON_NULL, "settings", "secret", "plan",
                    BCON_INT64(1), "created_at", BCON_DATE_TIME(900), "started_at",
                    BCON_DATE_TIME(1000));
}

static void a_running_job_tells_its_pace_and_the_time_left(void **state)
{
    AUTO(bson) bson_t *job = running_job();
    AUTO(bson) bson_t *shown = bson_new();

    (void)state;
    answer_append_job(shown, job, 1500);
    assert_string_equal(document_text(shown, "job_id"), "queue_import_1_a");
    assert_string_equal(document_text(shown, "status"), "processing");
    assert_int_equal(document_int64(shown, "auto_published", -1), 7);
    assert_int_equal(document_int64(shown, "search_batches_queued", -1), 5);
    assert_int_equal(document_int64(shown, "import_errors_total", -1), 3);
    assert_true(document_number(shown, "progress", -1) == 25);
    assert_true(document_number(shown, "rows_per_second", -1) == 500);
    assert_true(document_number(shown, "eta_seconds", -1) == 1.5);
    assert_true(is_null(shown, "completed_at"));
    assert_true(is_null(shown, "duration_seconds"));
    assert_true(is_null(shown, "batch_id"));
}

static void a_job_shows_nothing_of_how_it_is_kept(void **state)
{
    static const char *const hidden[] = {"_id", "tenant", "acceptance", "settings", "plan"};
    AUTO(bson) bson_t *job = running_job();
    AUTO(bson) bson_t *shown = bson_new();

    (void)state;
    answer_append_job(shown, job, 1500);
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        assert_false(bson_has_field(shown, hidden[i]));
    }
}

static void a_job_that_waits_has_no_pace(void **state)
{
    AUTO(bson) bson_t *job = BCON_NEW("_id", "j", "status", "pending", "total_rows", BCON_INT64(9));
    AUTO(bson) bson_t *shown = bson_new();

    (void)state;
    answer_append_job(shown, job, 1500);
    assert_true(document_number(shown, "progress", -1) == 0);
    assert_true(is_null(shown, "rows_per_second"));
    assert_true(is_null(shown, "eta_seconds"));
    assert_true(is_null(shown, "started_at"));
}

static void a_job_whose_end_is_not_known_yet_has_a_pace_but_no_time_left(void **state)
{
    AUTO(bson)
    bson_t *job = BCON_NEW("_id", "j", "status", "processing", "total_rows", BCON_NULL,
                           "processed_rows", BCON_INT64(100), "started_at", BCON_DATE_TIME(1000));
    AUTO(bson) bson_t *shown = bson_new();

    (void)state;
    answer_append_job(shown, job, 3000);
    assert_true(is_null(shown, "total_rows"));
    assert_true(is_null(shown, "progress"));
    assert_true(is_null(shown, "eta_seconds"));
    assert_true(document_number(shown, "rows_per_second", -1) == 50);
}

static void a_finished_job_keeps_its_pace_and_has_no_time_left(void **state)
{
    AUTO(bson)
    bson_t *job =
        BCON_NEW("_id", "j", "total_rows", BCON_INT64(100), "processed_rows", BCON_INT64(100),
                 "started_at", BCON_DATE_TIME(1000), "completed_at", BCON_DATE_TIME(3000));
    AUTO(bson) bson_t *shown = bson_new();

    (void)state;
    answer_append_job(shown, job, 999999);
    assert_true(document_number(shown, "rows_per_second", -1) == 50);
    assert_true(is_null(shown, "eta_seconds"));
}

static void a_job_lists_unknown_fields_of_all_lanes_and_what_was_meant(void **state)
{
    AUTO(bson)
    bson_t *job = BCON_NEW("_id", "j", "entity", "products", "unknown_fields", "{", "0", "[", "{",
                           "field", "prise", "count", BCON_INT64(3), "}", "]", "2", "[", "{",
                           "field", "shelf", "count", BCON_INT64(1), "}", "{", "field", "prise",
                           "count", BCON_INT64(4), "}", "]", "}");
    AUTO(bson) bson_t *shown = bson_new();
    struct buf text = {0};

    (void)state;
    answer_append_job(shown, job, 1500);
    json_write(&text, shown);
    assert_non_null(strstr(text.data, "\"unknown_fields\":[{\"field\":\"prise\",\"count\":7,"
                                      "\"did_you_mean\":\"price\"},{\"field\":\"shelf\","
                                      "\"count\":1,\"did_you_mean\":null}]"));
    buf_done(&text);
}

/* ---- findings ---- */

static bson_t *refused_row(void)
{
    return BCON_NEW("_id", "j|00000004", "row", BCON_INT64(4), "entity_code", "A", "raw_data", "{",
                    "price", "12,5", "}", "findings", "[", "{", "severity", "error", "code",
                    "wrong_type", "error", "price must be a number", "path", "/price", "}", "{",
                    "severity", "warning", "code", "address_dropped", "error", "dropped", "path",
                    "/addresses/0", "}", "{", "severity", "error", "code", "code_missing", "error",
                    "no code", "path", "", "}", "]");
}

static void every_error_of_a_row_is_told_with_its_row(void **state)
{
    AUTO(bson) bson_t *row = refused_row();
    AUTO(bson) bson_t *first = bson_new();
    AUTO(bson) bson_t *second = bson_new();
    AUTO(bson) bson_t *none = bson_new();
    AUTO(bson)
    bson_t *wanted =
        BCON_NEW("row", BCON_INT64(4), "entity_code", "A", "error", "price must be a number",
                 "code", "wrong_type", "path", "/price", "raw_data", "{", "price", "12,5", "}");
    struct answer_findings findings;

    (void)state;
    answer_findings_start(&findings, row, "error");
    assert_true(answer_findings_next(&findings, true, first));
    assert_true(bson_equal(first, wanted));
    assert_true(answer_findings_next(&findings, false, second));
    assert_string_equal(document_text(second, "code"), "code_missing");
    assert_true(is_null(second, "raw_data"));
    assert_false(answer_findings_next(&findings, true, none));
}

static void warnings_are_told_apart_from_errors(void **state)
{
    AUTO(bson) bson_t *row = refused_row();
    AUTO(bson) bson_t *shown = bson_new();
    struct answer_findings findings;

    (void)state;
    answer_findings_start(&findings, row, "warning");
    assert_true(answer_findings_next(&findings, true, shown));
    assert_string_equal(document_text(shown, "code"), "address_dropped");
    assert_false(answer_findings_next(&findings, true, shown));
}

/* ---- documents ---- */

static void a_product_is_shown_without_internals(void **state)
{
    AUTO(bson)
    bson_t *product =
        BCON_NEW("_id", "acme|A", "isCurrent", BCON_BOOL(true), "tenant", "acme", "version",
                 BCON_INT64(2), "import", "{", "job_id", "j", "}", "price", BCON_DOUBLE(19.99));
    AUTO(bson) bson_t *shown = bson_new();
    AUTO(bson)
    bson_t *wanted = BCON_NEW("isCurrent", BCON_BOOL(true), "version", BCON_INT64(2), "price",
                              BCON_DOUBLE(19.99), "locked_fields", "[", "]");

    (void)state;
    answer_append_product(shown, product);
    assert_true(bson_equal(shown, wanted));
}

static void a_company_is_shown_without_internals(void **state)
{
    AUTO(bson)
    bson_t *company =
        BCON_NEW("_id", "acme|1", "tenant", "acme", "external_code", "1", "status", "vip");
    AUTO(bson) bson_t *shown = bson_new();
    AUTO(bson) bson_t *wanted = BCON_NEW("external_code", "1", "status", "vip");

    (void)state;
    answer_append_entity(shown, company);
    assert_true(bson_equal(shown, wanted));
}

/* ---- problems ---- */

static void a_problem_names_code_text_and_place(void **state)
{
    struct request_fault fault;

    (void)state;
    request_refuse(&fault, PROBLEM_external_code_missing, "customers[%d] has none", 17);
    fault.index = 17;
    strcpy(fault.path, "/customers/17/external_code");
    AUTO(bson) bson_t *problem = answer_problem(&fault);

    assert_string_equal(document_text(problem, "type"), "/problems/external_code_missing");
    assert_int_equal(document_int64(problem, "status", 0), 400);
    assert_string_equal(document_text(problem, "code"), "external_code_missing");
    assert_string_equal(document_text(problem, "detail"), "customers[17] has none");
    assert_non_null(strstr(document_text(problem, "error"), "customers[17]"));
    assert_non_null(document_text(problem, "hint"));
    assert_int_equal(document_int64(problem, "index", 0), 17);
    assert_string_equal(document_text(problem, "path"), "/customers/17/external_code");
    assert_false(bson_has_field(problem, "offset"));
}

static void a_problem_without_words_of_its_own_uses_its_title(void **state)
{
    struct request_fault fault;

    (void)state;
    request_refuse(&fault, PROBLEM_unauthenticated, "%s", "");
    AUTO(bson) bson_t *problem = answer_problem(&fault);

    assert_string_equal(document_text(problem, "detail"), document_text(problem, "title"));
    assert_string_equal(document_text(problem, "error"), document_text(problem, "title"));
    assert_false(bson_has_field(problem, "index"));
    assert_false(bson_has_field(problem, "path"));
}

/* What quotes a partner may quote bytes of a query that are none, and is cut where it is too long.
 */
static void a_problem_is_always_utf_8(void **state)
{
    struct request_fault fault;
    AUTO(buf) struct buf text = {0};

    (void)state;
    buf_adds(&text, "x\xff");
    for (int i = 0; i < 200; i++) {
        buf_adds(&text, "\xc3\xa8");
    }
    request_refuse(&fault, PROBLEM_field_value, "%s", text.data);
    snprintf(fault.path, sizeof(fault.path), "/%s", text.data + 2);
    AUTO(bson) bson_t *problem = answer_problem(&fault);

    AUTO(buf) struct buf json = {0};

    json_write(&json, problem);
    assert_true(bson_utf8_validate(json.data, json.len, false));
    assert_memory_equal(document_text(problem, "detail"), "x\xc3\xa8", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queued_companies_are_answered_as_the_reference_shows),
        cmocka_unit_test(a_queued_entity_is_named_with_the_products_that_were_listed),
        cmocka_unit_test(queued_products_echo_the_batch_metadata),
        cmocka_unit_test(queued_products_without_a_batch_say_null),
        cmocka_unit_test(a_running_job_tells_its_pace_and_the_time_left),
        cmocka_unit_test(a_job_shows_nothing_of_how_it_is_kept),
        cmocka_unit_test(a_job_that_waits_has_no_pace),
        cmocka_unit_test(a_job_whose_end_is_not_known_yet_has_a_pace_but_no_time_left),
        cmocka_unit_test(a_finished_job_keeps_its_pace_and_has_no_time_left),
        cmocka_unit_test(a_job_lists_unknown_fields_of_all_lanes_and_what_was_meant),
        cmocka_unit_test(every_error_of_a_row_is_told_with_its_row),
        cmocka_unit_test(warnings_are_told_apart_from_errors),
        cmocka_unit_test(a_product_is_shown_without_internals),
        cmocka_unit_test(a_company_is_shown_without_internals),
        cmocka_unit_test(a_problem_names_code_text_and_place),
        cmocka_unit_test(a_problem_without_words_of_its_own_uses_its_title),
        cmocka_unit_test(a_problem_is_always_utf_8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
