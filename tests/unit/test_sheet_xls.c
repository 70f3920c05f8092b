#include "support/test.h"

#include "support/old_workbook.h"
#include "support/table.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *read_limited(struct arena *arena, int fd, struct sheet_limits limits)
{
    const char *table =
        table_read(arena, &(struct sheet_options){.fd = fd, .format = SHEET_XLS, .limits = limits});

    close(fd);
    return table;
}

static void check(int fd, const char *wanted)
{
    AUTO(arena) struct arena *arena = arena_new();

    assert_string_equal(read_limited(arena, fd, table_limits), wanted);
}

static int data_file(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/sheets/%s", TEST_DATA_DIR, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

/* Texts over several records, rows in no order, a hidden first sheet; written by xlwt. */
static const char *table_of_xlwt(struct arena *arena)
{
    char *name = arena_calloc(arena, 9001, 1);

    memset(name, 'x', 9000);
    return arena_printf(arena,
                        "[code][name][price][stock][active][since][at][zip]\n"
                        "1[A-1][Valvola è bella][12.5][3][true][2024-01-31][2024-01-31T12:30:00]"
                        "[12345]\n"
                        "2[B-2][%s][][10000000000][false]\n"
                        "3[C-3][Łódź 東京 🔧][0.30000000000000004][-7][][][][00501]\n",
                        name);
}

static void what_other_programs_wrote_is_read_as_they_show_it(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    check(data_file("xlwt.xls"), table_of_xlwt(arena));
    check(data_file("xlwt-1904.xls"), table_of_xlwt(arena));
    check(data_file("libreoffice.xls"),
          "[code][name][price][active][since][at][sum][text][error][zip]\n"
          "1[A-1][Valvola è bella][12.5][true][2024-01-31][2024-01-31T12:30:15.500][25][A-1-x]"
          "[#N/A][00501]\n"
          "3[B-2][Łódź 東京 🔧][-0.5][false][][][false]\n");
}

static void texts_of_excel_5_are_read_in_their_code_page(void **state)
{
    (void)state;
    check(old_workbook_file(1252, "\x80 caff\xe8", 0), "[name][price]\n1[€ caffè][12.5]\n");
    check(old_workbook_file(1251, "\xc2\xe5\xed\xf2\xe8\xeb\xfc", 0),
          "[name][price]\n1[Вентиль][12.5]\n");
    check(old_workbook_file(932, "\x93\x8c\x8b\x9e", 0), "[name][price]\n1[東京][12.5]\n");
    check(old_workbook_file(1252, "a\x81z", 0), "[name][price]\n1[a\xef\xbf\xbdz][12.5]\n");
}

static void a_workbook_with_a_password_is_refused_as_such(void **state)
{
    enum { FILEPASS = 0x2F };
    int package = old_file("EncryptedPackage", STR("secret"));

    (void)state;
    check(old_workbook_file(1252, "x", FILEPASS), "XLS_ENCRYPTED 0:0\n");
    check(dup(package), "XLS_ENCRYPTED 0:0\n");
    AUTO(arena) struct arena *arena = arena_new();
    assert_string_equal(table_read(arena, &(struct sheet_options){.fd = package,
                                                                  .format = SHEET_XLSX,
                                                                  .limits = table_limits}),
                        "XLSX_ENCRYPTED 0:0\n");
    close(package);
}

static void a_workbook_named_xlsx_and_the_other_way_round_is_told(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    int fd = data_file("xlwt.xls");

    (void)state;
    assert_string_equal(
        table_read(arena,
                   &(struct sheet_options){.fd = fd, .format = SHEET_XLSX, .limits = table_limits}),
        "FILE_CONTENT_MISMATCH 0:0\n");
    close(fd);
    check(table_file(STR("PK\x03\x04")), "FILE_CONTENT_MISMATCH 0:0\n");
    check(table_file(STR("<html>")), "FILE_CONTENT_MISMATCH 0:0\n");
}

static void what_is_no_whole_workbook_is_refused(void **state)
{
    static const char excel_4[] = "\x09\x04\x06\x00\x00\x04\x10\x00\x00\x00";

    (void)state;
    check(table_file(STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")), "XLS_DAMAGED 0:0\n");
    check(old_file("WordDocument", STR("text")), "XLS_NOT_A_WORKBOOK 0:0\n");
    check(old_file("Book", (struct str){excel_4, sizeof(excel_4)}), "XLS_TOO_OLD 0:0\n");
    check(old_file("Workbook", STR("")), "XLS_DAMAGED 0:0\n");
}

static void a_workbook_that_is_cut_off_anywhere_is_refused(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    int whole = data_file("libreoffice.xls");
    char bytes[16384];
    ssize_t n = pread(whole, bytes, sizeof(bytes), 0);

    (void)state;
    close(whole);
    for (ssize_t cut = 8; cut < n / 2; cut += 401) {
        const char *table =
            read_limited(arena, table_file((struct str){bytes, (size_t)cut}), table_limits);

        assert_memory_equal(table, "XLS_", 4);
    }
}

static void the_limits_of_a_table_hold(void **state)
{
    struct sheet_limits limits = table_limits;
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    limits.cell_bytes = 4;
    assert_string_equal(read_limited(arena, old_workbook_file(1252, "x", 0), limits),
                        "FILE_CELL_TOO_LONG 1:2\n");
    limits = table_limits;
    limits.columns = 1;
    assert_string_equal(read_limited(arena, old_workbook_file(1252, "x", 0), limits),
                        "FILE_TOO_MANY_COLUMNS 1:2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_other_programs_wrote_is_read_as_they_show_it),
        cmocka_unit_test(texts_of_excel_5_are_read_in_their_code_page),
        cmocka_unit_test(a_workbook_with_a_password_is_refused_as_such),
        cmocka_unit_test(a_workbook_named_xlsx_and_the_other_way_round_is_told),
        cmocka_unit_test(what_is_no_whole_workbook_is_refused),
        cmocka_unit_test(a_workbook_that_is_cut_off_anywhere_is_refused),
        cmocka_unit_test(the_limits_of_a_table_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
