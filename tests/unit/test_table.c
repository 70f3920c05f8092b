#include "base/buf.h"
#include "domain/entity.h"
#include "domain/settings.h"
#include "support/rows.h"
#include "support/table.h"
#include "support/test.h"
#include "table/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Appends each row as `number JSON`, or `number ! misfit`, until the end or a fault. */
static void append_rows(struct arena *arena, struct table *table, struct buf *out)
{
    struct table_row row;
    struct sheet_fault fault = {0};
    struct err err;
    bool end = false;

    while (table_next(table, &row, &end, &fault, &err) && !end) {
        if (row.content) {
            buf_printf(out, "%d %s\n", (int)row.number, test_json(arena, row.content, NULL));
        } else {
            buf_printf(out, "%d ! %s\n", (int)row.number, row.misfit);
        }
    }
    if (!end) {
        assert_int_equal(err.kind, ERR_INVALID);
        buf_printf(out, "%s\n", fault.code);
    }
}

/* All rows of a file of companies. */
static const char *read_file(struct arena *arena, int fd, enum sheet_format format)
{
    static const struct import_settings settings;
    const struct table_options options = {
        .sheet = {.fd = fd, .format = format, .limits = table_limits},
        .columns = {&entity_customers, &settings},
    };
    AUTO(table) struct table *table = NULL;
    AUTO(buf) struct buf out = {0};
    struct sheet_fault fault = {0};
    struct err err;

    if (table_open(&options, &table, &fault, &err)) {
        append_rows(arena, table, &out);
    } else {
        assert_int_equal(err.kind, ERR_INVALID);
        buf_printf(&out, "%s\n", fault.code);
    }
    close(fd);
    return arena_strndup(arena, out.data, out.len);
}

static void check(const char *csv, const char *wanted)
{
    AUTO(arena) struct arena *arena = arena_new();

    assert_string_equal(read_file(arena, table_file(str_from(csv)), SHEET_CSV), wanted);
}

static void each_line_is_a_row_when_nothing_repeats(void **state)
{
    (void)state;
    check("external_code,email\nA,a@b.it\nA,c@d.it\n\nB,\n",
          "1 {'external_code':'A','email':'a@b.it'}\n"
          "2 {'external_code':'A','email':'c@d.it'}\n"
          "4 {'external_code':'B'}\n");
}

static void lines_of_the_same_code_are_one_row_that_starts_in_the_first(void **state)
{
    (void)state;
    check("external_code,email,addresses.city\nA,a@b.it,Napoli\nA,,Torino\nB,,Roma\nA,,Milano\n",
          "1 {'external_code':'A','email':'a@b.it','addresses':[{'city':'Napoli'},"
          "{'city':'Torino'}]}\n"
          "3 {'external_code':'B','addresses':[{'city':'Roma'}]}\n"
          "4 {'external_code':'A','addresses':[{'city':'Milano'}]}\n");
}

static void lines_without_a_code_stay_apart(void **state)
{
    (void)state;
    check("external_code,addresses.city\n,Napoli\n,Torino\n",
          "1 {'addresses':[{'city':'Napoli'}]}\n2 {'addresses':[{'city':'Torino'}]}\n");
}

static void a_line_with_cells_beside_the_columns_is_a_row_of_its_own(void **state)
{
    (void)state;
    check("external_code,addresses.city\nA,Napoli\nA,Torino,x\nA,Roma\n",
          "1 {'external_code':'A','addresses':[{'city':'Napoli'}]}\n"
          "2 ! Line 3 has 3 columns, the header has 2.\n"
          "3 {'external_code':'A','addresses':[{'city':'Roma'}]}\n");
}

static void more_lines_than_a_row_may_have_start_another_row(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf csv = {0};

    (void)state;
    buf_adds(&csv, "external_code,addresses.city\n");
    for (int i = 0; i < 1002; i++) {
        buf_printf(&csv, "A,%d\n", i);
    }
    const char *rows = read_file(arena, table_file((struct str){csv.data, csv.len}), SHEET_CSV);

    assert_non_null(strstr(rows, "{'city':'999'}]}\n1001 {"));
    assert_non_null(strstr(rows, "[{'city':'1000'},{'city':'1001'}]}\n"));
}

static void what_stands_before_a_fault_is_read(void **state)
{
    (void)state;
    check("external_code,email\nA,a@b.it\nB,\"x\nC,\n",
          "1 {'external_code':'A','email':'a@b.it'}\nCSV_UNBALANCED_QUOTE\n");
    check("external_code,addresses.city\nA,Napoli\nB,Roma\nB,\"x\n",
          "1 {'external_code':'A','addresses':[{'city':'Napoli'}]}\n"
          "CSV_UNBALANCED_QUOTE\n");
}

static void a_header_that_cannot_be_used_refuses_the_file(void **state)
{
    (void)state;
    check("external_code,addresses.0.city,addresses.city\nA,x,y\n", "COLUMN_CONFLICT\n");
    check("", "FILE_EMPTY\n");
}

/* The process that reads an old workbook is gone at its end. */
static void the_last_lines_of_an_old_workbook_are_a_row(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    int fd = open(TEST_DATA_DIR "/sheets/addresses.xls", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_string_equal(
        read_file(arena, fd, SHEET_XLS),
        "1 "
        "{'external_code':'C-1','addresses':[{'city':'Napoli'},{'city':'Torino'}]}\n"
        "3 {'external_code':'C-2','addresses':[{'city':'Roma'}]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_a_row_when_nothing_repeats),
        cmocka_unit_test(lines_of_the_same_code_are_one_row_that_starts_in_the_first),
        cmocka_unit_test(lines_without_a_code_stay_apart),
        cmocka_unit_test(a_line_with_cells_beside_the_columns_is_a_row_of_its_own),
        cmocka_unit_test(more_lines_than_a_row_may_have_start_another_row),
        cmocka_unit_test(what_stands_before_a_fault_is_read),
        cmocka_unit_test(a_header_that_cannot_be_used_refuses_the_file),
        cmocka_unit_test(the_last_lines_of_an_old_workbook_are_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
