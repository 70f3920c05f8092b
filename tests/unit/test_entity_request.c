#include "domain/answer.h"
#include "domain/document.h"
#include "domain/entity_request.h"
#include "support/rows.h"
#include "support/test.h"

#include <string.h>

static const struct entity_target brand = {&entity_brands, "brand_acme", 1000, 3};

struct reading {
    struct arena *arena;
    struct entity_request request;
    struct request_fault fault;
};

static int open_reading(void **state)
{
    struct reading *reading = mem_calloc(1, sizeof(*reading));

    reading->arena = arena_new();
    *state = reading;
    return 0;
}

static int close_reading(void **state)
{
    struct reading *reading = *state;

    arena_free(reading->arena);
    mem_free(reading);
    return 0;
}

static bool read_body(struct reading *reading, const char *json)
{
    return entity_request_read(reading->arena, &brand, test_document(reading->arena, json),
                               &reading->request, &reading->fault);
}

static void the_row_of_an_entity_is_its_data_with_the_id_of_the_path_first(void **state)
{
    struct reading *reading = *state;

    assert_true(read_body(reading, "{'merge_mode':'partial','products':['A','B'],"
                                   "'data':{'label':'Acme','brand_id':'brand_acme','x':1}}"));
    assert_string_equal(test_json(reading->arena, reading->request.row, NULL),
                        "{'brand_id':'brand_acme','label':'Acme','x':1}");
    assert_string_equal(reading->request.envelope.merge_mode, "partial");
    assert_int_equal(reading->request.products.count, 2);
    assert_string_equal(reading->request.products.items[1], "B");
}

static void data_alone_replaces_and_lists_no_products(void **state)
{
    struct reading *reading = *state;

    assert_true(read_body(reading, "{'data':{}}"));
    assert_string_equal(test_json(reading->arena, reading->request.row, NULL),
                        "{'brand_id':'brand_acme'}");
    assert_string_equal(reading->request.envelope.merge_mode, "replace");
    assert_int_equal(reading->request.products.count, 0);
    assert_true(read_body(reading, "{'data':{},'products':null}"));
    assert_true(read_body(reading, "{'data':{},'products':['A','B','C']}"));
}

static void what_is_no_such_request_is_refused_where_it_is_wrong(void **state)
{
    static const struct {
        const char *body;
        const char *code;
        const char *path;
        int index;
    } wrong[] = {
        {"{}", "field_missing", "/data", -1},
        {"{'data':null}", "field_type", "/data", -1},
        {"{'data':[]}", "field_type", "/data", -1},
        {"{'data':{},'merge_mode':'other'}", "field_value", "/merge_mode", -1},
        {"{'data':{'brand_id':'other'}}", "field_value", "/data/brand_id", -1},
        {"{'data':{'brand_id':7}}", "field_value", "/data/brand_id", -1},
        {"{'data':{},'products':'A'}", "field_type", "/products", -1},
        {"{'data':{},'products':{'0':'A'}}", "field_type", "/products", -1},
        {"{'data':{},'products':['A',7]}", "field_type", "/products/1", 1},
        {"{'data':{},'products':['A','B','']}", "field_value", "/products/2", 2},
        {"{'data':{},'products':['A\\u0000']}", "field_value", "/products/0", 0},
        {"{'data':{},'products':['A','B','C','D']}", "rows_too_many", "/products/3", 3},
    };
    struct reading *reading = *state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(read_body(reading, wrong[i].body));
        assert_string_equal(reading->fault.problem->code, wrong[i].code);
        assert_string_equal(reading->fault.path, wrong[i].path);
        assert_int_equal(reading->fault.index, wrong[i].index);
    }
}

static void data_larger_than_a_row_is_refused_with_413(void **state)
{
    struct reading *reading = *state;
    char *label = arena_calloc(reading->arena, 1001, 1);

    memset(label, 'x', 1000);
    assert_false(
        read_body(reading, arena_printf(reading->arena, "{'data':{'label':'%s'}}", label)));
    assert_int_equal(reading->fault.problem->status, 413);
    assert_string_equal(reading->fault.path, "/data");
}

static void an_id_that_is_empty_too_long_or_no_utf_8_is_refused(void **state)
{
    struct reading *reading = *state;
    char *long_id = arena_calloc(reading->arena, 258, 1);
    const char *ids[] = {"", long_id, "\xff"};
    struct entity_target target = brand;

    memset(long_id, 'x', 257);
    for (size_t i = 0; i < 3; i++) {
        target.id = ids[i];
        assert_false(entity_request_read(reading->arena, &target,
                                         test_document(reading->arena, "{'data':{}}"),
                                         &reading->request, &reading->fault));
        assert_string_equal(reading->fault.problem->code, "field_value");
    }
    long_id[256] = '\0';
    target.id = long_id;
    assert_true(entity_request_read(reading->arena, &target,
                                    test_document(reading->arena, "{'data':{}}"), &reading->request,
                                    &reading->fault));
}

static void all_that_is_wrong_with_data_is_answered_at_once(void **state)
{
    static const char *languages[] = {"it"};
    struct import_settings settings = {.default_language = "it", .languages = {languages, 1}};
    struct reading *reading = *state;

    assert_true(read_body(reading, "{'data':{'level':'x','path':[1],'label':'Acme'}}"));
    assert_false(entity_request_check(reading->arena, brand.entity, &settings, reading->request.row,
                                      &reading->fault));
    bson_t *problem = answer_problem(&reading->fault);

    assert_string_equal(document_text(problem, "code"), "data_invalid");
    assert_string_equal(document_text(problem, "path"), "/data");
    assert_string_equal(document_text(problem, "errors.0.path"), "/data/level");
    assert_string_equal(document_text(problem, "errors.0.code"), "wrong_type");
    assert_string_equal(document_text(problem, "errors.0.error"), "level must be a number");
    bson_destroy(problem);
    assert_int_equal(reading->fault.findings->count, 2);
    assert_true(read_body(reading, "{'data':{'level':1}}"));
    assert_true(entity_request_check(reading->arena, brand.entity, &settings, reading->request.row,
                                     &reading->fault));
}

#define READING(test) cmocka_unit_test_setup_teardown(test, open_reading, close_reading)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING(the_row_of_an_entity_is_its_data_with_the_id_of_the_path_first),
        READING(data_alone_replaces_and_lists_no_products),
        READING(what_is_no_such_request_is_refused_where_it_is_wrong),
        READING(data_larger_than_a_row_is_refused_with_413),
        READING(an_id_that_is_empty_too_long_or_no_utf_8_is_refused),
        READING(all_that_is_wrong_with_data_is_answered_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
