#include "support/test.h"

#include "support/table.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct example {
    struct str file;
    const char *table;
};

static void check_limited(struct str file, struct sheet_limits limits, const char *wanted)
{
    AUTO(arena) struct arena *arena = arena_new();
    int fd = table_file(file);
    const char *table = table_read(arena, &(struct sheet_options){.fd = fd, .limits = limits});

    close(fd);
    assert_string_equal(table, wanted);
}

static void check(const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_limited(examples[i].file, table_limits, examples[i].table);
    }
}

#define CHECK(...)                                                                                 \
    check((const struct example[]){__VA_ARGS__},                                                   \
          sizeof((const struct example[]){__VA_ARGS__}) / sizeof(struct example))

static void every_line_break_ends_a_row(void **state)
{
    (void)state;
    CHECK({STR("a,b\n1,2\n3,4\n"), "[a][b]\n1[1][2]\n2[3][4]\n"},
          {STR("a,b\r\n1,2\r\n3,4\r\n"), "[a][b]\n1[1][2]\n2[3][4]\n"},
          {STR("a,b\r1,2\r3,4\r"), "[a][b]\n1[1][2]\n2[3][4]\n"},
          {STR("a,b\n1,2\n3,4"), "[a][b]\n1[1][2]\n2[3][4]\n"},
          {STR("a,b\n1,2\r"), "[a][b]\n1[1][2]\n"}, {STR("a,b"), "[a][b]\n"});
}

static void quotes_keep_separators_quotes_line_breaks_and_spaces(void **state)
{
    (void)state;
    CHECK({STR("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n"), "[a][b]\n1[x,y][say \"hi\"]\n"},
          {STR("a,b\n\"two\nlines\",2\n3,4\n"), "[a][b]\n1[two\nlines][2]\n2[3][4]\n"},
          {STR("a,b\n\"two\r\nlines\",\"\"\n"), "[a][b]\n1[two\r\nlines]\n"},
          {STR("a,b\n\" x \",  y  \n"), "[a][b]\n1[ x ][y]\n"},
          {STR("a,b\n1, \"x, y\"\n"), "[a][b]\n1[1][x, y]\n"});
}

static void quotes_inside_of_a_text_are_a_part_of_it(void **state)
{
    (void)state;
    CHECK({STR("a,b\nvalve 1/2\",2\n"), "[a][b]\n1[valve 1/2\"][2]\n"},
          {STR("a,b\n1\"x\"2,3\n"), "[a][b]\n1[1\"x\"2][3]\n"},
          {STR("a,b\n\"valve 1/2\" brass\",2\n"), "[a][b]\n1[valve 1/2\" brass][2]\n"});
}

static void a_quote_that_stays_open_is_refused_where_it_opens(void **state)
{
    (void)state;
    CHECK({STR("a,b\n1,2\n3,\"x\n4,5\n"), "[a][b]\n1[1][2]\nCSV_UNBALANCED_QUOTE 3:2\n"},
          {STR("a,b\n1,\"x"), "[a][b]\nCSV_UNBALANCED_QUOTE 2:2\n"},
          {STR("a,b\n\"x\ny\",\"z\n\n"), "[a][b]\nCSV_UNBALANCED_QUOTE 3:2\n"},
          {STR("\"a,b\n1,2\n"), "CSV_UNBALANCED_QUOTE 1:1\n"});
    /* Rows are not swallowed up to a later quote that happens to close it. */
    CHECK({STR("a,b\n1,\"x\n3,\"y\"\n5,6\n"), "[a][b]\nCSV_UNBALANCED_QUOTE 2:2\n"},
          {STR("a,b\n\"valve\" brass,2\n\"x\",4\n"), "[a][b]\nCSV_UNBALANCED_QUOTE 2:1\n"},
          {STR("a,b\n\"5\" pipe\",\"x\ny\"\n"), "[a][b]\n1[5\" pipe][x\ny]\n"},
          {STR("a,b\n5\" pipe,\"x\ny\"\n"), "[a][b]\n1[5\" pipe][x\ny]\n"},
          {STR("a,b\n\"x\n\"\"y\"\"\",2\n"), "[a][b]\n1[x\n\"y\"][2]\n"});
    /* Not as a row that is too long, though it becomes that as well. */
    check_limited(
        STR("a\n\"x\n1234567890\n1234567890\n"),
        (struct sheet_limits){.rows = 10, .columns = 10, .cell_bytes = 20, .row_bytes = 20},
        "[a]\nCSV_UNBALANCED_QUOTE 2:1\n");
}

static void the_separator_is_found(void **state)
{
    (void)state;
    CHECK({STR("a;b\n1;2,5\n3;4,5\n"), "[a][b]\n1[1][2,5]\n2[3][4,5]\n"},
          {STR("a\tb\n1\t2\n"), "[a][b]\n1[1][2]\n"}, {STR("a|b\n1|2\n"), "[a][b]\n1[1][2]\n"},
          {STR("a;b, c;d\n1;2;3\n4;5;6\n"), "[a][b, c][d]\n1[1][2][3]\n2[4][5][6]\n"},
          {STR("\"a;b\",c\n\"1;2\",3\n"), "[a;b][c]\n1[1;2][3]\n"},
          {STR("\"a \"\"x\"\"; b\",c\n1,2\n"), "[a \"x\"; b][c]\n1[1][2]\n"},
          {STR("a;b;c;d\n1,5\n2,5\n3;4\n"), "[a][b][c][d]\n1[1,5]\n2[2,5]\n3[3][4]\n"},
          {STR("name\nx;y\n"), "[name]\n1[x;y]\n"}, {STR("name\nx\n"), "[name]\n1[x]\n"});
}

static void excels_own_first_line_names_the_separator(void **state)
{
    (void)state;
    CHECK({STR("sep=;\na;b,c,d\n1;2\n"), "[a][b,c,d]\n1[1][2]\n"},
          {STR("\xef\xbb\xbfSEP=|\r\na|b\r\n\"1\n\n"), "[a][b]\nCSV_UNBALANCED_QUOTE 3:1\n"},
          {STR("sep=^\ra^b\r1^2\r"), "[a][b]\n1[1][2]\n"}, {STR("sep=;\n"), "FILE_EMPTY 0:0\n"});
}

static void every_usual_encoding_is_read(void **state)
{
    (void)state;
    CHECK(
        {STR("\xef\xbb\xbfn\xc3\xa9,\xe2\x82\xac\nx,\xf0\x9f\x94\xa7\n"),
         "[n\xc3\xa9][\xe2\x82\xac]\n1[x][\xf0\x9f\x94\xa7]\n"},
        {STR("n\xc3\xa9\nx\n"), "[n\xc3\xa9]\n1[x]\n"},
        {STR("n\xe9\n\x80 5\n\x81\xff\n"), "[n\xc3\xa9]\n1[\xe2\x82\xac 5]\n2[\xc2\x81\xc3\xbf]\n"},
        {STR("\xff\xfe"
             "a\0;\0\xe9\0\n\0001\0;\0\x3d\xd8\x27\xdd"),
         "[a][\xc3\xa9]\n1[1][\xf0\x9f\x94\xa7]\n"},
        {STR("\xfe\xff\0a\0;\0\xe9\0\n\0001\0;\xd8\x3d\xdd\x27\0\n"),
         "[a][\xc3\xa9]\n1[1][\xf0\x9f\x94\xa7]\n"},
        {STR("a\0,\0b\0\n\0001\0,\0002\0\n\0"), "[a][b]\n1[1][2]\n"},
        {STR("\0a\0,\0b\0\n\0001\0,\0002\0\n"), "[a][b]\n1[1][2]\n"});
}

static void text_that_breaks_its_encoding_is_refused_with_its_line(void **state)
{
    (void)state;
    CHECK({STR("n\xc3\xa9\nx\ny\xe9\n"), "[n\xc3\xa9]\n1[x]\nCSV_INVALID_ENCODING 3:0\n"},
          {STR("\xef\xbb\xbf"
               "a\nx\xff\n"),
           "[a]\nCSV_INVALID_ENCODING 2:0\n"},
          {STR("n\xc3\xa9\n\xed\xa0\x80\n"), "[n\xc3\xa9]\nCSV_INVALID_ENCODING 2:0\n"},
          {STR("n\xc3\xa9\n\xc0\x80\n"), "[n\xc3\xa9]\nCSV_INVALID_ENCODING 2:0\n"},
          {STR("n\xc3\xa9\nx\xc3"), "[n\xc3\xa9]\nCSV_INVALID_ENCODING 2:0\n"},
          {STR("\xff\xfe"
               "a\0\n\0\x27\xdd"),
           "[a]\nCSV_INVALID_ENCODING 2:0\n"},
          {STR("\xff\xfe"
               "a\0\n\0x"),
           "[a]\nCSV_INVALID_ENCODING 2:0\n"},
          {STR("a\nx\ny\0z\n"), "[a]\n1[x]\nCSV_BINARY_DATA 3:0\n"},
          {STR("\xff\xfe"
               "a\0\n\0\0\0"),
           "[a]\nCSV_BINARY_DATA 2:0\n"});
}

static void what_was_found_out_is_told(void **state)
{
    static const struct {
        struct str file;
        struct sheet_dialect dialect;
    } examples[] = {
        {STR("a,b\n"), {"utf-8", ',', false}},
        {STR("\xef\xbb\xbf"
             "a\tb\n"),
         {"utf-8", '\t', true}},
        {STR("\xff\xfe"
             "a\0;\0b\0"),
         {"utf-16le", ';', true}},
        {STR("\0a\0|\0b"), {"utf-16be", '|', false}},
        {STR("pre\xe7o;b\n"), {"windows-1252", ';', false}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
        int fd = table_file(examples[i].file);
        struct sheet *sheet;
        struct sheet_fault fault;
        struct err err;

        assert_ok(sheet_open(&(struct sheet_options){.fd = fd, .limits = table_limits}, &sheet,
                             &fault, &err),
                  &err);
        assert_string_equal(sheet_dialect(sheet)->encoding, examples[i].dialect.encoding);
        assert_int_equal(sheet_dialect(sheet)->delimiter, examples[i].dialect.delimiter);
        assert_int_equal(sheet_dialect(sheet)->has_bom, examples[i].dialect.has_bom);
        sheet_close(sheet);
        close(fd);
    }
}

static void a_short_row_lacks_its_last_cells(void **state)
{
    (void)state;
    CHECK({STR("a,b,c\n1\n1,2\n1,2,\n"), "[a][b][c]\n1[1]\n2[1][2]\n3[1][2]\n"});
}

static void a_row_that_is_longer_than_the_header_is_refused_alone(void **state)
{
    (void)state;
    CHECK({STR("a,b\n1,2,,\n3,4\n"), "[a][b]\n1[1][2]\n2[3][4]\n"},
          {STR("a,b\n1,2,x\n3,4\n"), "[a][b]\n1 CSV_INCONSISTENT_RECORD_LENGTH 2:3\n2[3][4]\n"},
          {STR("a,b,\n1,2,x\n"), "[a][b]\n1 CSV_INCONSISTENT_RECORD_LENGTH 2:3\n"});
}

static void rows_are_numbered_as_in_a_spreadsheet(void **state)
{
    (void)state;
    CHECK({STR("\n \na,b\n\n1,2\n,\n\"3\n3\",4\n5,6\n"), "[a][b]\n2[1][2]\n4[3\n3][4]\n5[5][6]\n"});
    /* The line is that of the file. */
    CHECK({STR("a\n\n\"1\n1\"\n2,3\n"), "[a]\n2[1\n1]\n3 CSV_INCONSISTENT_RECORD_LENGTH 5:2\n"});
}

static void a_header_that_comes_again_is_no_row(void **state)
{
    (void)state;
    CHECK({STR("a, b \n1,2\na,b\n3,4\n"), "[a][b]\n1[1][2]\n3[3][4]\n"},
          {STR("a,b\na,x\n"), "[a][b]\n1[a][x]\n"});
}

static void a_file_without_a_usable_header_is_refused(void **state)
{
    (void)state;
    CHECK({STR(""), "FILE_EMPTY 0:0\n"}, {STR("\xef\xbb\xbf"), "FILE_EMPTY 0:0\n"},
          {STR("\n\n , ,\n\n"), "FILE_EMPTY 0:0\n"},
          {STR("8001234567890;12,5;-3\n8001234567891;12,5;3\n"), "FILE_NO_HEADER 1:0\n"},
          {STR("2024,sku\n1,x\n"), "[2024][sku]\n1[1][x]\n"},
          {STR("\nsku,name, sku\n"), "FILE_DUPLICATE_COLUMN 2:3\n"},
          {STR("sku,,,name\n1,,,4\n"), "[sku][][][name]\n1[1][][][4]\n"});
}

static void a_duplicate_name_is_told_with_both_columns(void **state)
{
    int fd = table_file(STR("sku,name,sku\n"));
    struct sheet *sheet;
    struct sheet_fault fault;
    struct err err;

    (void)state;
    assert_false(sheet_open(&(struct sheet_options){.fd = fd, .limits = table_limits}, &sheet,
                            &fault, &err));
    assert_string_equal(fault.message, "Columns 1 and 3 are both named \"sku\".");
    close(fd);
}

static void a_file_that_is_no_csv_is_refused_by_its_content(void **state)
{
    (void)state;
    CHECK({STR("PK\x03\x04\x14"), "FILE_CONTENT_MISMATCH 0:0\n"},
          {STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "FILE_CONTENT_MISMATCH 0:0\n"},
          {STR("\xef\xbb\xbf\n <!DOCTYPE HTML>\n"), "FILE_CONTENT_MISMATCH 0:0\n"},
          {STR("<table><tr>"), "FILE_CONTENT_MISMATCH 0:0\n"},
          {STR("<?xml version"), "FILE_CONTENT_MISMATCH 0:0\n"},
          {STR("%PDF-1.7"), "FILE_CONTENT_MISMATCH 0:0\n"},
          {STR("\x1f\x8b\x08"), "FILE_CONTENT_MISMATCH 0:0\n"},
          {STR("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
           "[\xe2\x80\xb0PNG]\n1[\x1a]\nCSV_BINARY_DATA 3:0\n"});
}

static void limits_are_told_with_their_place(void **state)
{
    const struct sheet_limits limits = {.rows = 2, .columns = 3, .cell_bytes = 10, .row_bytes = 20};

    (void)state;
    check_limited(STR("a\n1\n2\n"), limits, "[a]\n1[1]\n2[2]\n");
    check_limited(STR("a\n1\n2\n3\n"), limits, "[a]\n1[1]\n2[2]\nFILE_TOO_MANY_ROWS 4:0\n");
    check_limited(STR("a,b,c\n1,2,3,\n"), limits, "[a][b][c]\nFILE_TOO_MANY_COLUMNS 2:4\n");
    check_limited(STR("a,b\n1,12345678901\n"), limits, "[a][b]\nFILE_CELL_TOO_LONG 2:2\n");
    check_limited(STR("a,b\n123456789,1234567890\n"), limits, "[a][b]\nFILE_ROW_TOO_LONG 2:0\n");
}

/* The file has no blocks on the disk, so that it costs nothing to have it. */
static void a_line_of_2_gb_is_refused_in_bounded_memory(void **state)
{
    static const struct {
        struct str start;
        const char *table;
    } examples[] = {{STR("a,b\n"), "[a][b]\nFILE_ROW_TOO_LONG 2:0\n"},
                    {STR("a,b\n\""), "[a][b]\nFILE_ROW_TOO_LONG 2:0\n"}};
    struct sheet_limits limits = table_limits;
    const size_t piece = 1 << 20;
    char *spaces = mem_alloc(piece);
    struct rusage before;
    struct rusage after;

    (void)state;
    memset(spaces, 'x', piece);
    limits.row_bytes = 2 * piece;
    for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
        int fd = table_file(examples[i].start);

        for (int k = 0; k < 4; k++) {
            assert_int_equal(pwrite(fd, spaces, piece, (off_t)(4 + (size_t)k * piece)), piece);
        }
        assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
        AUTO(arena) struct arena *arena = arena_new();

        getrusage(RUSAGE_SELF, &before);
        assert_string_equal(table_read(arena, &(struct sheet_options){.fd = fd, .limits = limits}),
                            examples[i].table);
        getrusage(RUSAGE_SELF, &after);
        assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 64 * 1024);
        close(fd);
    }
    mem_free(spaces);
}

static void a_format_is_known_by_its_name(void **state)
{
    static const struct {
        const char *name;
        enum sheet_format format;
    } examples[] = {{"products.csv", SHEET_CSV}, {"a.b.XLSX", SHEET_XLSX}, {"OLD.Xls", SHEET_XLS}};
    enum sheet_format format;

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
        assert_true(sheet_format_of_name(examples[i].name, &format));
        assert_int_equal(format, examples[i].format);
    }
    assert_false(sheet_format_of_name("products.ods", &format));
    assert_false(sheet_format_of_name("csv", &format));
    assert_false(sheet_format_of_name("products.csv.", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_break_ends_a_row),
        cmocka_unit_test(quotes_keep_separators_quotes_line_breaks_and_spaces),
        cmocka_unit_test(quotes_inside_of_a_text_are_a_part_of_it),
        cmocka_unit_test(a_quote_that_stays_open_is_refused_where_it_opens),
        cmocka_unit_test(the_separator_is_found),
        cmocka_unit_test(excels_own_first_line_names_the_separator),
        cmocka_unit_test(every_usual_encoding_is_read),
        cmocka_unit_test(text_that_breaks_its_encoding_is_refused_with_its_line),
        cmocka_unit_test(what_was_found_out_is_told),
        cmocka_unit_test(a_short_row_lacks_its_last_cells),
        cmocka_unit_test(a_row_that_is_longer_than_the_header_is_refused_alone),
        cmocka_unit_test(rows_are_numbered_as_in_a_spreadsheet),
        cmocka_unit_test(a_header_that_comes_again_is_no_row),
        cmocka_unit_test(a_file_without_a_usable_header_is_refused),
        cmocka_unit_test(a_duplicate_name_is_told_with_both_columns),
        cmocka_unit_test(a_file_that_is_no_csv_is_refused_by_its_content),
        cmocka_unit_test(limits_are_told_with_their_place),
        cmocka_unit_test(a_line_of_2_gb_is_refused_in_bounded_memory),
        cmocka_unit_test(a_format_is_known_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
