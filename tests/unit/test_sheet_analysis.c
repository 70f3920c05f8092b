#include "support/test.h"

#include "support/table.h"

#include "sheet/analysis.h"

#include <unistd.h>

enum { PREVIEW_ROWS = 15 };

static bool preview(struct arena *arena, struct str file, struct sheet_preview *out,
                    struct sheet_fault *fault)
{
    int fd = table_file(file);
    struct sheet *sheet;
    struct err err;
    bool ok;

    assert_ok(
        sheet_open(&(struct sheet_options){.fd = fd, .limits = table_limits}, &sheet, fault, &err),
        &err);
    ok = sheet_read_preview(sheet, PREVIEW_ROWS, arena, out, fault, &err);
    sheet_close(sheet);
    close(fd);
    return ok;
}

static void assert_column(const struct sheet_column *column, const struct sheet_column *wanted)
{
    assert_true(str_eq(column->name, wanted->name));
    assert_string_equal(sheet_type_name(column->type), sheet_type_name(wanted->type));
    assert_int_equal(column->total_values, wanted->total_values);
    assert_int_equal(column->unique_count, wanted->unique_count);
    assert_int_equal(column->empty_count, wanted->empty_count);
    assert_int_equal(column->sample_count, wanted->sample_count);
    for (size_t i = 0; i < wanted->sample_count; i++) {
        assert_true(str_eq(column->samples[i], wanted->samples[i]));
    }
}

static void columns_are_described_by_their_values(void **state)
{
    static const struct sheet_column wanted[] = {
        {STR("sku"), SHEET_TEXT, {STR("A"), STR("B"), STR("C")}, 3, 4, 4, 0},
        {STR("price"), SHEET_NUMBER, {STR("1.5"), STR("2")}, 2, 3, 2, 1},
        {STR("active"), SHEET_BOOLEAN, {STR("TRUE"), STR("false")}, 2, 2, 2, 2},
        {STR("since"), SHEET_DATE, {STR("2026-01-31"), STR("2026-01-31T10:00:00Z")}, 2, 2, 2, 2},
        {STR("note"), SHEET_EMPTY, {{0}}, 0, 0, 0, 4},
    };
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_preview found;
    struct sheet_fault fault;

    (void)state;
    assert_true(preview(arena,
                        STR("sku,price,active,since,note\n"
                            "A,1.5,TRUE,2026-01-31\n"
                            "B,,false,,\" \"\n"
                            "C,2,,2026-01-31T10:00:00Z,\n"
                            "D,1.5\n"),
                        &found, &fault));
    assert_int_equal(found.row_count, 4);
    assert_true(str_is(found.rows[3].cells[0].text, "D"));
    assert_int_equal(found.column_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_column(&found.columns[i], &wanted[i]);
    }
}

static void a_column_of_different_types_is_text(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_preview found;
    struct sheet_fault fault;

    (void)state;
    assert_true(preview(arena, STR("a\n1\ntrue\n"), &found, &fault));
    assert_int_equal(found.columns[0].type, SHEET_TEXT);
}

static void no_more_rows_are_read_than_asked_for(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_preview found;
    struct sheet_fault fault;

    (void)state;
    assert_true(preview(arena, STR("a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n1,6\n"),
                        &found, &fault));
    assert_int_equal(found.row_count, PREVIEW_ROWS);
    assert_int_equal(found.columns[0].unique_count, PREVIEW_ROWS);
}

static void a_table_without_rows_has_columns_all_the_same(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_preview found;
    struct sheet_fault fault;

    (void)state;
    assert_true(preview(arena, STR("a,b\n"), &found, &fault));
    assert_int_equal(found.row_count, 0);
    assert_int_equal(found.column_count, 2);
    assert_int_equal(found.columns[1].type, SHEET_EMPTY);
}

static void a_row_that_does_not_fit_refuses_the_preview(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_preview found;
    struct sheet_fault fault;

    (void)state;
    assert_false(preview(arena, STR("a,b\n1,2\n1,2,3\n"), &found, &fault));
    assert_string_equal(fault.code, "CSV_INCONSISTENT_RECORD_LENGTH");
    assert_int_equal(fault.line, 3);
    assert_int_equal(fault.column, 3);
    assert_string_equal(fault.message, "Line 3 has 3 columns, the header has 2.");
}

static void what_looks_like_a_number_may_be_a_code(void **state)
{
    static const struct {
        const char *text;
        enum sheet_type type;
    } examples[] = {
        {"0", SHEET_NUMBER},         {"-12.50", SHEET_NUMBER},
        {"0.5", SHEET_NUMBER},       {"8001234567890", SHEET_NUMBER},
        {"00123", SHEET_TEXT},       {"1234567890123456", SHEET_TEXT},
        {"12,5", SHEET_TEXT},        {"1.", SHEET_TEXT},
        {".5", SHEET_TEXT},          {"-", SHEET_TEXT},
        {"1e5", SHEET_TEXT},         {"2026-1-31", SHEET_TEXT},
        {"2026-01-31x", SHEET_TEXT}, {"2026-01-31 10:00", SHEET_DATE},
        {"False", SHEET_BOOLEAN},    {"", SHEET_EMPTY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
        assert_string_equal(sheet_type_name(sheet_type_of(str_from(examples[i].text))),
                            sheet_type_name(examples[i].type));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_described_by_their_values),
        cmocka_unit_test(a_column_of_different_types_is_text),
        cmocka_unit_test(no_more_rows_are_read_than_asked_for),
        cmocka_unit_test(a_table_without_rows_has_columns_all_the_same),
        cmocka_unit_test(a_row_that_does_not_fit_refuses_the_preview),
        cmocka_unit_test(what_looks_like_a_number_may_be_a_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
