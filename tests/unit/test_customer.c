#include "domain/document.h"
#include "support/rows.h"
#include "support/test.h"

#include <string.h>

static int set_up(void **state)
{
    return row_fixture_open(state, &entity_customers);
}

static const char EXISTING[] =
    "{'external_code':'000123','public_code':'000123','company_name':'ACME S.R.L.',"
    "'email':'old@acme.it','addresses':[{'external_code':'000000','street_address':'Via Roma 10',"
    "'city':'Napoli','province':'NA'}]}";
static const char INCOMING[] =
    "{'external_code':'000123','email':'info@acme.it',"
    "'addresses':[{'external_code':'000000','label':'HQ - Napoli (NA)'}]}";

static void the_partial_example_of_the_reference_merges_addresses_by_code(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, EXISTING);
    bench->request_json = "{'merge_mode':'partial'}";
    assert_int_equal(row_apply(bench, INCOMING), ROW_UPDATED);
    assert_string_equal(
        row_content(bench),
        "{'external_code':'000123','public_code':'000123','company_name':'ACME S.R.L.',"
        "'email':'info@acme.it','addresses':[{'external_code':'000000',"
        "'street_address':'Via Roma 10','city':'Napoli','province':'NA','address_type':'delivery',"
        "'postal_code':'','country':'IT','is_default':false,'label':'HQ - Napoli (NA)'}],"
        "'channel':'vinc-b2b'}");
    assert_int_equal(bench->findings.count, 0);
}

static void the_replace_example_of_the_reference_drops_the_incomplete_address(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, EXISTING);
    assert_int_equal(row_apply(bench, INCOMING), ROW_UPDATED);
    assert_string_equal(
        row_content(bench),
        "{'external_code':'000123','public_code':'000123','company_name':'ACME S.R.L.',"
        "'email':'info@acme.it','addresses':[],'channel':'vinc-b2b'}");
    assert_true(row_found(bench, "address_dropped", "/addresses/0"));
    assert_int_equal(bench->findings.errors, 0);
    assert_int_equal(bench->findings.warnings, 1);
}

static void addresses_that_are_not_sent_stay_in_both_modes(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, EXISTING);
    row_apply(bench, "{'external_code':'000123','phone':'1'}");
    assert_string_equal(document_text(bench->current, "addresses.0.city"), "Napoli");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'external_code':'000123','addresses':[]}");
    assert_string_equal(document_text(bench->current, "addresses.0.city"), "Napoli");
}

static void a_new_address_is_added_in_partial_and_defaults_are_filled_in(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, EXISTING);
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'external_code':'000123','addresses':[{'street_address':'Via A',"
                     "'city':'Roma','province':'RM','tag_overrides':['x'],'country':'SM'}]}");
    assert_string_equal(document_text(bench->current, "addresses.1.city"), "Roma");
    assert_string_equal(document_text(bench->current, "addresses.1.address_type"), "delivery");
    assert_string_equal(document_text(bench->current, "addresses.1.postal_code"), "");
    assert_string_equal(document_text(bench->current, "addresses.1.country"), "SM");
    assert_null(document_text(bench->current, "addresses.1.tag_overrides.0"));
    assert_true(row_found(bench, "tag_overrides_ignored", "/addresses/0/tag_overrides"));
}

static void tags_are_added_in_partial_and_overwritten_in_replace(void **state)
{
    struct row_fixture *fixture = *state;
    struct row_bench *bench = &fixture->bench;

    row_apply(bench, "{'external_code':'A','tags':['a','b']}");
    bench->request_json = "{'merge_mode':'partial'}";
    row_apply(bench, "{'external_code':'A','tags':['c','b','c']}");
    assert_non_null(strstr(row_content(bench), "'tags':['a','b','c']"));
    bench->request_json = NULL;
    row_apply(bench, "{'external_code':'A','tags':['z']}");
    assert_non_null(strstr(row_content(bench), "'tags':['z']"));
    row_apply(bench, "{'external_code':'A','phone':'1'}");
    assert_non_null(strstr(row_content(bench), "'tags':['z']"));
}

static void the_channel_is_the_companys_else_the_requests_else_the_tenants(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'external_code':'A','channel':'own'}");
    assert_string_equal(document_text(bench->current, "channel"), "own");
    row_apply(bench, "{'external_code':'A','phone':'1'}");
    assert_string_equal(document_text(bench->current, "channel"), "own");
    bench->current = NULL;
    bench->request_json = "{'channel':'request'}";
    row_apply(bench, "{'external_code':'B'}");
    assert_string_equal(document_text(bench->current, "channel"), "request");
    bench->current = NULL;
    bench->request_json = NULL;
    row_apply(bench, "{'external_code':'C'}");
    assert_string_equal(document_text(bench->current, "channel"), "vinc-b2b");
}

static void a_public_code_is_made_when_omitted_and_never_given_out_twice(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'external_code':'A'}");
    assert_string_equal(document_text(bench->current, "public_code"), "C000001");
    row_apply(bench, "{'external_code':'A','phone':'1'}");
    assert_string_equal(document_text(bench->current, "public_code"), "C000001");
    bench->current = NULL;
    row_apply(bench, "{'external_code':'B','public_code':'C000002'}");
    bench->current = NULL;
    row_apply(bench, "{'external_code':'C','public_code':null}");
    assert_string_equal(document_text(bench->current, "public_code"), "C000003");
    bench->current = NULL;
    assert_int_equal(row_apply(bench, "{'external_code':'D','public_code':'C000001'}"),
                     ROW_REFUSED);
    assert_true(row_found(bench, "public_code_taken", "/public_code"));
}

static void bad_legal_info_is_reported_field_by_field(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'external_code':'A','legal_info':{'vat_number':'IT123',"
                                      "'fiscal_code':'X','pec_email':'nobody','sdi_code':'A-B'}}"),
                     ROW_REFUSED);
    assert_true(row_found(bench, "vat_number_invalid", "/legal_info/vat_number"));
    assert_true(row_found(bench, "fiscal_code_invalid", "/legal_info/fiscal_code"));
    assert_true(row_found(bench, "pec_email_invalid", "/legal_info/pec_email"));
    assert_true(row_found(bench, "sdi_code_invalid", "/legal_info/sdi_code"));
    assert_null(bench->current);
}

static void legal_info_is_stored_in_its_normal_form(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    row_apply(bench, "{'external_code':'A','legal_info':{'vat_number':'it 01234.567890',"
                     "'fiscal_code':'rssmra80a01f839x','sdi_code':'abcdefg'}}");
    assert_string_equal(document_text(bench->current, "legal_info.vat_number"), "IT01234567890");
    assert_string_equal(document_text(bench->current, "legal_info.fiscal_code"),
                        "RSSMRA80A01F839X");
    assert_string_equal(document_text(bench->current, "legal_info.sdi_code"), "ABCDEFG");
}

static void wrong_types_and_values_name_their_path(void **state)
{
    struct row_bench *bench = &((struct row_fixture *)*state)->bench;

    assert_int_equal(row_apply(bench, "{'external_code':'A','customer_type':'alien','tags':'x',"
                                      "'addresses':[{'city':7,'is_default':'yes'}]}"),
                     ROW_REFUSED);
    assert_true(row_found(bench, "wrong_value", "/customer_type"));
    assert_true(row_found(bench, "wrong_type", "/tags"));
    assert_true(row_found(bench, "wrong_type", "/addresses/0/city"));
    assert_true(row_found(bench, "wrong_type", "/addresses/0/is_default"));
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_partial_example_of_the_reference_merges_addresses_by_code),
        CLAIM(the_replace_example_of_the_reference_drops_the_incomplete_address),
        CLAIM(addresses_that_are_not_sent_stay_in_both_modes),
        CLAIM(a_new_address_is_added_in_partial_and_defaults_are_filled_in),
        CLAIM(tags_are_added_in_partial_and_overwritten_in_replace),
        CLAIM(the_channel_is_the_companys_else_the_requests_else_the_tenants),
        CLAIM(a_public_code_is_made_when_omitted_and_never_given_out_twice),
        CLAIM(bad_legal_info_is_reported_field_by_field),
        CLAIM(legal_info_is_stored_in_its_normal_form),
        CLAIM(wrong_types_and_values_name_their_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
