#include "support/test.h"

#include "domain/answer.h"
#include "domain/document.h"
#include "json/json.h"
#include "store/store.h"

#include <string.h>

/* A job of two products as the reference's example leaves it; `status` and counts may differ. */
struct job_facts {
    const char *status;
    int64_t successful;
    const bson_t *batch_metadata;
};

static bson_t *ended_job(const struct job_facts *facts)
{
    AUTO(bson)
    bson_t *settings = BCON_NEW("source", "{", "source_id", "supplier-weekly-feed", "name",
                                "Supplier weekly feed", "}");
    bson_t *job = BCON_NEW(
        "_id", "api_import_1714142335123_b7x2m1", "tenant", "acme", "status",
        BCON_UTF8(facts->status), "source_id", "supplier-weekly-feed", "total_rows", BCON_INT64(2),
        "successful_rows", BCON_INT64(facts->successful), "failed_rows",
        BCON_INT64(2 - facts->successful), "published_rows", BCON_INT64(1), "search_batches",
        BCON_INT64(1), "batch_id", "weekly-2026-17", "started_at", BCON_DATE_TIME(1777035535123));

    bson_append_binary(job, "settings", -1, BSON_SUBTYPE_BINARY, bson_get_data(settings),
                       settings->len);
    if (facts->batch_metadata) {
        BSON_APPEND_DOCUMENT(job, "batch_metadata", facts->batch_metadata);
    } else {
        BSON_APPEND_NULL(job, "batch_metadata");
    }
    return job;
}

static bson_t *no_findings(void)
{
    return BCON_NEW("errors", "[", "]");
}

static bson_t *answer_to(const bson_t *job)
{
    AUTO(bson) bson_t *findings = no_findings();

    return answer_imported(
        &(struct answer_imported){.job = job, .findings = findings, .took_ms = 420});
}

static void assert_is_null(const bson_t *answer, const char *path)
{
    bson_iter_t value;

    assert_true(document_find(answer, path, &value));
    assert_true(BSON_ITER_HOLDS_NULL(&value));
}

static void an_import_is_answered_word_for_word_as_the_reference_shows(void **state)
{
    const struct job_facts facts = {"completed", 2, NULL};
    AUTO(bson) bson_t *job = ended_job(&facts);
    AUTO(bson) bson_t *answer = answer_to(job);
    struct buf text = {0};

    (void)state;
    json_write(&text, answer);
    assert_string_equal(
        text.data,
        "{\"success\":true,\"job_id\":\"api_import_1714142335123_b7x2m1\",\"summary\":{\"total\":2,"
        "\"successful\":2,\"failed\":0,\"auto_published\":1,\"duration_seconds\":0.42,"
        "\"sync_batches_queued\":1},\"errors\":[],\"debug\":{\"batch_id\":\"weekly-2026-17\","
        "\"batch_metadata\":null,\"channel_metadata\":null,\"first_product_source\":{\"source_id\":"
        "\"supplier-weekly-feed\",\"source_name\":\"Supplier weekly feed\",\"imported_at\":"
        "\"2026-04-24T12:58:55.123Z\",\"batch_id\":\"weekly-2026-17\"}},\"message\":\"Imported 2 "
        "of 2 "
        "products successfully, queued 1 search-sync batches\"}");
    buf_done(&text);
}

static void metadata_is_echoed(void **state)
{
    AUTO(bson) bson_t *batch = BCON_NEW("batch_part", BCON_INT32(1));
    AUTO(bson) bson_t *channel = BCON_NEW("b2b", "{", "tenant_id", "acme", "}");
    AUTO(bson) bson_t *findings = no_findings();
    const struct job_facts facts = {"completed", 2, batch};
    AUTO(bson) bson_t *job = ended_job(&facts);
    AUTO(bson)
    bson_t *answer = answer_imported(&(struct answer_imported){
        .job = job,
        .findings = findings,
        .channel_metadata = {(const char *)bson_get_data(channel), channel->len}});

    (void)state;
    assert_int_equal(document_int64(answer, "debug.batch_metadata.batch_part", 0), 1);
    assert_string_equal(document_text(answer, "debug.channel_metadata.b2b.tenant_id"), "acme");
}

static void errors_of_rows_are_listed_and_the_import_is_a_success_all_the_same(void **state)
{
    const struct job_facts facts = {"completed", 1, NULL};
    AUTO(bson) bson_t *job = ended_job(&facts);
    AUTO(bson)
    bson_t *findings =
        BCON_NEW("errors", "[", "{", "row", BCON_INT64(1), "code", "wrong_type", "}", "]");
    AUTO(bson)
    bson_t *answer = answer_imported(&(struct answer_imported){.job = job, .findings = findings});

    (void)state;
    assert_true(document_bool(answer, "success", false));
    assert_int_equal(document_int64(answer, "summary.failed", -1), 1);
    assert_string_equal(document_text(answer, "errors.0.code"), "wrong_type");
    assert_string_equal(document_text(answer, "message"),
                        "Imported 1 of 2 products successfully, queued 1 search-sync batches");
}

static void without_any_product_there_is_no_first_source(void **state)
{
    const struct job_facts facts = {"completed", 0, NULL};
    AUTO(bson) bson_t *job = ended_job(&facts);
    AUTO(bson) bson_t *answer = answer_to(job);

    (void)state;
    assert_is_null(answer, "debug.first_product_source");
}

static void a_failed_job_is_no_success_and_says_why(void **state)
{
    const struct job_facts facts = {"failed", 1, NULL};
    AUTO(bson) bson_t *job = ended_job(&facts);

    (void)state;
    BCON_APPEND(job, "failure", "{", "code", "chunk_unreadable", "error", "it is damaged", "}");
    AUTO(bson) bson_t *answer = answer_to(job);

    assert_false(document_bool(answer, "success", true));
    assert_string_equal(document_text(answer, "failure.code"), "chunk_unreadable");
    assert_string_equal(document_text(answer, "message"),
                        "Imported 1 of 2 products, then the import failed: it is damaged");
}

static void an_import_that_takes_long_names_its_job(void **state)
{
    AUTO(bson) bson_t *answer = answer_unfinished("api_import_1_a", "pending");
    AUTO(bson) bson_t *unknown = answer_unfinished("api_import_1_a", NULL);
    AUTO(bson)
    bson_t *wanted =
        BCON_NEW("success", BCON_BOOL(true), "job_id", "api_import_1_a", "status", "pending",
                 "message", "The import goes on. Poll its job. Job ID: api_import_1_a");

    (void)state;
    assert_true(bson_equal(answer, wanted));
    assert_string_equal(document_text(unknown, "status"), "processing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_import_is_answered_word_for_word_as_the_reference_shows),
        cmocka_unit_test(metadata_is_echoed),
        cmocka_unit_test(errors_of_rows_are_listed_and_the_import_is_a_success_all_the_same),
        cmocka_unit_test(without_any_product_there_is_no_first_source),
        cmocka_unit_test(a_failed_job_is_no_success_and_says_why),
        cmocka_unit_test(an_import_that_takes_long_names_its_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
