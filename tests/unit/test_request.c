#include "support/test.h"

#include "domain/document.h"
#include "domain/request.h"
#include "store/store.h"

#include <string.h>

static const struct request_shape companies = {.rows_key = "customers", .max_rows = 5000};
static const struct request_shape products = {
    .rows_key = "products", .max_rows = 10000, .needs_source = true};

static struct str bytes_of(const bson_t *document)
{
    return (struct str){(const char *)bson_get_data(document), document->len};
}

/* ---- rows ---- */

static void a_request_without_rows_is_refused(void **state)
{
    struct request_fault fault;

    (void)state;
    assert_false(request_check_rows(&products, &(struct request_rows){.present = false}, &fault));
    assert_string_equal(fault.problem->code, "field_missing");
    assert_string_equal(fault.path, "/products");
    assert_false(request_check_rows(&products, &(struct request_rows){.present = true}, &fault));
    assert_string_equal(fault.problem->code, "rows_empty");
}

static void one_row_too_many_is_named_by_its_index(void **state)
{
    struct request_rows rows = {.present = true, .too_many = true, .count = 5000};
    struct request_fault fault;

    (void)state;
    assert_false(request_check_rows(&companies, &rows, &fault));
    assert_string_equal(fault.problem->code, "rows_too_many");
    assert_string_equal(fault.path, "/customers/5000");
    assert_int_equal(fault.index, 5000);
    rows.too_many = false;
    assert_true(request_check_rows(&companies, &rows, &fault));
}

static void a_company_without_external_code_is_named_by_its_index(void **state)
{
    AUTO(bson) bson_t *without = BCON_NEW("company_name", "ACME");
    AUTO(bson) bson_t *blank = BCON_NEW("external_code", " \t");
    AUTO(bson) bson_t *number = BCON_NEW("external_code", BCON_INT32(12));
    AUTO(bson) bson_t *good = BCON_NEW("external_code", "000123");
    struct request_fault fault;

    (void)state;
    assert_false(request_check_company(bytes_of(without), 17, &fault));
    assert_string_equal(fault.problem->code, "external_code_missing");
    assert_string_equal(fault.path, "/customers/17/external_code");
    assert_non_null(strstr(fault.detail, "customers[17].external_code"));
    assert_int_equal(fault.index, 17);
    assert_false(request_check_company(bytes_of(blank), 0, &fault));
    assert_false(request_check_company(bytes_of(number), 0, &fault));
    assert_true(request_check_company(bytes_of(good), 0, &fault));
}

/* ---- envelope ---- */

static void an_envelope_with_nothing_but_a_source_gets_the_defaults(void **state)
{
    AUTO(bson) bson_t *body = BCON_NEW("source_id", "feed", "channel_metadata", "{", "x", "y", "}");
    struct import_envelope envelope;
    struct request_fault fault;

    (void)state;
    assert_true(request_read_envelope(&products, body, &envelope, &fault));
    assert_string_equal(envelope.merge_mode, "replace");
    assert_string_equal(envelope.source_id, "feed");
    assert_null(envelope.batch_id);
    assert_int_equal(envelope.batch_part, -1);
    assert_null(envelope.batch_metadata.p);
}

static void batch_fields_are_read_from_the_metadata(void **state)
{
    AUTO(bson)
    bson_t *body =
        BCON_NEW("source_id", "feed", "batch_id", "outer", "merge_mode", "partial",
                 "batch_metadata", "{", "batch_id", "weekly", "batch_part", BCON_INT32(1),
                 "batch_total_parts", BCON_INT32(4), "batch_total_items", BCON_INT64(8000), "}");
    struct import_envelope envelope;
    struct request_fault fault;

    (void)state;
    assert_true(request_read_envelope(&products, body, &envelope, &fault));
    assert_string_equal(envelope.merge_mode, "partial");
    assert_string_equal(envelope.batch_id, "weekly");
    assert_int_equal(envelope.batch_part, 1);
    assert_int_equal(envelope.batch_total_parts, 4);
    assert_int_equal(envelope.batch_total_items, 8000);
    assert_true(envelope.batch_metadata.n > 0);
}

static void a_batch_id_beside_the_metadata_counts_when_the_metadata_has_none(void **state)
{
    AUTO(bson)
    bson_t *body = BCON_NEW("source_id", "feed", "batch_id", "outer", "batch_metadata", "{",
                            "batch_part", BCON_INT32(1), "}");
    struct import_envelope envelope;
    struct request_fault fault;

    (void)state;
    assert_true(request_read_envelope(&products, body, &envelope, &fault));
    assert_string_equal(envelope.batch_id, "outer");
}

static void channel_metadata_of_products_is_kept_for_the_answer(void **state)
{
    AUTO(bson) bson_t *body = BCON_NEW("source_id", "feed", "channel_metadata", "{", "x", "y", "}");
    AUTO(bson) bson_t *text = BCON_NEW("source_id", "feed", "channel_metadata", "x");
    struct import_envelope envelope;
    struct request_fault fault;
    bson_t kept;

    (void)state;
    assert_true(request_read_envelope(&products, body, &envelope, &fault));
    assert_true(bson_init_static(&kept, (const uint8_t *)envelope.channel_metadata.p,
                                 envelope.channel_metadata.n));
    assert_string_equal(document_text(&kept, "x"), "y");
    assert_false(request_read_envelope(&products, text, &envelope, &fault));
    assert_string_equal(fault.path, "/channel_metadata");
}

static void null_stands_for_absent(void **state)
{
    AUTO(bson)
    bson_t *body = BCON_NEW("merge_mode", BCON_NULL, "channel", BCON_NULL, "batch_metadata",
                            BCON_NULL, "source_id", BCON_NULL);
    struct import_envelope envelope;
    struct request_fault fault;

    (void)state;
    assert_true(request_read_envelope(&companies, body, &envelope, &fault));
    assert_string_equal(envelope.merge_mode, "replace");
    assert_false(request_read_envelope(&products, body, &envelope, &fault));
    assert_string_equal(fault.problem->code, "field_missing");
    assert_string_equal(fault.path, "/source_id");
}

struct refusal {
    bson_t *body;
    const char *code;
    const char *path;
};

static void a_wrong_envelope_field_is_named(void **state)
{
    static char big[REQUEST_MAX_METADATA + 1];
    memset(big, 'x', sizeof(big) - 1);
    const struct refusal refusals[] = {
        {BCON_NEW("merge_mode", "upsert"), "field_value", "/merge_mode"},
        {BCON_NEW("merge_mode", BCON_INT32(1)), "field_value", "/merge_mode"},
        {BCON_NEW("channel", BCON_INT32(1)), "field_type", "/channel"},
        {BCON_NEW("channel", ""), "field_value", "/channel"},
        {BCON_NEW("batch_metadata", "x"), "batch_metadata", "/batch_metadata"},
        {BCON_NEW("batch_metadata", "{", "x", BCON_UTF8(big), "}"), "batch_metadata",
         "/batch_metadata"},
        {BCON_NEW("batch_metadata", "{", "batch_id", BCON_INT32(7), "}"), "field_type",
         "/batch_metadata/batch_id"},
        {BCON_NEW("batch_metadata", "{", "batch_part", BCON_INT32(0), "}"), "batch_metadata",
         "/batch_metadata/batch_part"},
        {BCON_NEW("batch_metadata", "{", "batch_part", "1", "}"), "batch_metadata",
         "/batch_metadata/batch_part"},
        {BCON_NEW("batch_metadata", "{", "batch_part", BCON_INT32(5), "batch_total_parts",
                  BCON_INT32(4), "}"),
         "batch_metadata", "/batch_metadata/batch_part"},
        {BCON_NEW("batch_metadata", "{", "batch_total_items", BCON_INT32(-1), "}"),
         "batch_metadata", "/batch_metadata/batch_total_items"},
    };
    struct import_envelope envelope;
    struct request_fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        AUTO(bson) bson_t *body = refusals[i].body;

        assert_false(request_read_envelope(&companies, body, &envelope, &fault));
        assert_string_equal(fault.problem->code, refusals[i].code);
        assert_string_equal(fault.path, refusals[i].path);
    }
}

/* ---- headers ---- */

static void only_json_in_utf8_is_a_supported_content_type(void **state)
{
    (void)state;
    assert_true(request_is_json((struct str){0}));
    assert_true(request_is_json(STR("application/json")));
    assert_true(request_is_json(STR("Application/JSON ; charset=UTF-8")));
    assert_true(request_is_json(STR("application/json; charset=\"utf-8\"; v=1")));
    assert_false(request_is_json(STR("application/json; charset=latin1")));
    assert_false(request_is_json(STR("application/jsonx")));
    assert_false(request_is_json(STR("text/plain")));
    assert_false(request_is_json(STR("")));
}

static void an_idempotency_key_has_1_to_255_printable_characters(void **state)
{
    char longest[256];

    (void)state;
    memset(longest, 'k', sizeof(longest));
    assert_true(request_is_idempotency_key(STR("a key|with %")));
    assert_true(request_is_idempotency_key((struct str){longest, 255}));
    assert_false(request_is_idempotency_key((struct str){longest, 256}));
    assert_false(request_is_idempotency_key(STR("")));
    assert_false(request_is_idempotency_key(STR("a\tb")));
    assert_false(request_is_idempotency_key(STR("caff\xc3\xa8")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_without_rows_is_refused),
        cmocka_unit_test(one_row_too_many_is_named_by_its_index),
        cmocka_unit_test(a_company_without_external_code_is_named_by_its_index),
        cmocka_unit_test(an_envelope_with_nothing_but_a_source_gets_the_defaults),
        cmocka_unit_test(batch_fields_are_read_from_the_metadata),
        cmocka_unit_test(a_batch_id_beside_the_metadata_counts_when_the_metadata_has_none),
        cmocka_unit_test(channel_metadata_of_products_is_kept_for_the_answer),
        cmocka_unit_test(null_stands_for_absent),
        cmocka_unit_test(a_wrong_envelope_field_is_named),
        cmocka_unit_test(only_json_in_utf8_is_a_supported_content_type),
        cmocka_unit_test(an_idempotency_key_has_1_to_255_printable_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
