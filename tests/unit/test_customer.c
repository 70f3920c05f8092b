#include "domain/document.h"
#include "support/rows.h"
#include "support/test.h"

static int set_up(void **state)
{
    return row_fixture_open(state, &entity_customers);
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

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, row_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_channel_is_the_companys_else_the_requests_else_the_tenants),
        CLAIM(a_public_code_is_made_when_omitted_and_never_given_out_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
