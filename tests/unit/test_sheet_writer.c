#include "support/test.h"

#include "support/table.h"
#include "support/workbook.h"

#include "base/buf.h"
#include "sheet/writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static struct sheet_writer *open_writer_of(int fd, enum sheet_format format)
{
    struct sheet_writer *writer;
    struct err err;

    assert_ok(sheet_writer_open(&(struct sheet_writer_options){.fd = fd, .format = format}, &writer,
                                &err),
              &err);
    return writer;
}

static struct sheet_writer *open_writer(int fd)
{
    return open_writer_of(fd, SHEET_CSV);
}

static void csv_is_written_as_excel_reads_it(void **state)
{
    static const char wanted[] = "\xef\xbb\xbfsku,price\r\nA-1,-12.5\r\n\"'=1+1\",\"a, b\"\r\n";
    const struct sheet_cell rows[][2] = {
        {{SHEET_TEXT, STR("A-1")}, {SHEET_NUMBER, STR("-12.5")}},
        {{SHEET_TEXT, STR("=1+1")}, {SHEET_TEXT, STR("a, b")}},
    };
    int fd = table_file(STR(""));
    AUTO(sheet_writer) struct sheet_writer *writer = open_writer(fd);
    char content[sizeof(wanted) + 1];
    struct err err;

    (void)state;
    assert_ok(sheet_write_header(writer, (struct str[]){STR("sku"), STR("price")}, 2, &err), &err);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(sheet_write_row(writer, rows[i], (bool[]){i == 1, false}, 2, &err), &err);
    }
    assert_ok(sheet_writer_finish(writer, &err), &err);
    assert_int_equal(pread(fd, content, sizeof(content), 0), sizeof(wanted) - 1);
    assert_memory_equal(content, wanted, sizeof(wanted) - 1);
    close(fd);
}

static void a_large_table_goes_to_the_file_while_it_is_written(void **state)
{
    const struct sheet_cell cell = {SHEET_TEXT, STR("0123456789")};
    int fd = table_file(STR(""));
    AUTO(sheet_writer) struct sheet_writer *writer = open_writer(fd);
    struct err err;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        assert_ok(sheet_write_row(writer, &cell, NULL, 1, &err), &err);
    }
    assert_in_range(lseek(fd, 0, SEEK_END), 1000000, 1200003);
    assert_ok(sheet_writer_finish(writer, &err), &err);
    assert_int_equal(lseek(fd, 0, SEEK_END), 1200003);
    close(fd);
}

static void a_full_disk_is_told_at_the_latest_when_it_is_finished(void **state)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    AUTO(sheet_writer) struct sheet_writer *writer = open_writer(fd);
    struct err err;

    (void)state;
    assert_false(sheet_writer_finish(writer, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    close(fd);
}

static void xlsx_shows_the_header_and_failures_and_never_has_a_formula(void **state)
{
    const struct sheet_cell cells[] = {{SHEET_TEXT, STR("=1+1")},
                                       {SHEET_NUMBER, STR("12.50")},
                                       {SHEET_NUMBER, STR("12.5")},
                                       {SHEET_BOOLEAN, STR("true")}};
    AUTO(arena) struct arena *arena = arena_new();
    int fd = table_file(STR(""));
    AUTO(sheet_writer) struct sheet_writer *writer = open_writer_of(fd, SHEET_XLSX);
    struct err err;

    (void)state;
    assert_ok(sheet_write_header(writer, (struct str[]){STR("sku")}, 1, &err), &err);
    assert_ok(sheet_write_row(writer, cells, (bool[]){true, false, false, false}, 4, &err), &err);
    assert_ok(sheet_writer_finish(writer, &err), &err);
    const char *sheet = archive_part(arena, fd, "xl/worksheets/sheet1.xml");
    const char *styles = archive_part(arena, fd, "xl/styles.xml");

    assert_non_null(strstr(sheet, "<c r=\"A1\" s=\"1\" t=\"inlineStr\"><is><t>sku</t>"));
    assert_non_null(strstr(sheet, "<c r=\"A2\" s=\"2\" t=\"inlineStr\"><is><t>=1+1</t>"));
    assert_non_null(strstr(sheet, "<c r=\"B2\" t=\"inlineStr\"><is><t>12.50</t>"));
    assert_non_null(strstr(sheet, "<c r=\"C2\"><v>12.5</v>"));
    assert_non_null(strstr(sheet, "<c r=\"D2\" t=\"b\"><v>1</v>"));
    assert_non_null(strstr(sheet, "state=\"frozen\""));
    assert_null(strstr(sheet, "<f>"));
    assert_non_null(strstr(styles, "<b/>"));
    assert_non_null(strstr(styles, "FFC7CE"));
    close(fd);
}

static void a_text_that_no_cell_can_hold_is_cut_visibly(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    char *text = arena_calloc(arena, 40001, 1);
    int fd = table_file(STR(""));
    AUTO(sheet_writer) struct sheet_writer *writer = open_writer_of(fd, SHEET_XLSX);
    const struct sheet_options read = {.fd = fd, .format = SHEET_XLSX, .limits = table_limits};
    struct err err;

    (void)state;
    memset(text, 'x', 40000);
    assert_ok(sheet_write_header(writer, (struct str[]){{text, 40000}}, 1, &err), &err);
    assert_ok(sheet_writer_finish(writer, &err), &err);
    assert_string_equal(table_read(arena, &read), arena_printf(arena, "[%.32766s…]\n", text));
    close(fd);
}

static void xls_is_not_written(void **state)
{
    struct sheet_writer *writer;
    struct err err;

    (void)state;
    assert_false(sheet_writer_open(&(struct sheet_writer_options){.fd = -1, .format = SHEET_XLS},
                                   &writer, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_is_written_as_excel_reads_it),
        cmocka_unit_test(a_large_table_goes_to_the_file_while_it_is_written),
        cmocka_unit_test(a_full_disk_is_told_at_the_latest_when_it_is_finished),
        cmocka_unit_test(xlsx_shows_the_header_and_failures_and_never_has_a_formula),
        cmocka_unit_test(a_text_that_no_cell_can_hold_is_cut_visibly),
        cmocka_unit_test(xls_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
