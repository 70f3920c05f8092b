#include "support/test.h"

#include "support/table.h"
#include "support/workbook.h"

#include "base/buf.h"

#include <string.h>
#include <unistd.h>

#define HEADER                                                                                     \
    "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>a</v></c><c r=\"B1\" t=\"str\"><v>b</v></c></row>"
#define ROW(cells) HEADER "<row r=\"2\">" cells "</row>"

static const char *read_limited(struct arena *arena, int fd, struct sheet_limits limits)
{
    const char *table = table_read(
        arena, &(struct sheet_options){.fd = fd, .format = SHEET_XLSX, .limits = limits});

    close(fd);
    return table;
}

static void check(const struct workbook *workbook, const char *wanted)
{
    AUTO(arena) struct arena *arena = arena_new();

    assert_string_equal(read_limited(arena, workbook_file(workbook), table_limits), wanted);
}

#define CHECK(wanted, ...) check(&(struct workbook){__VA_ARGS__}, wanted)

/* The table below the header "a", "b". */
#define CHECK_ROWS(wanted, ...) CHECK("[a][b]\n" wanted, __VA_ARGS__)

static void texts_come_from_wherever_a_program_puts_them(void **state)
{
    (void)state;
    CHECK_ROWS("1[shared][rich text]\n",
               .rows = ROW("<c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>2</v></c>"),
               .strings =
                   "<si><t>other</t></si><si><t>shared</t></si>"
                   "<si><r><t>rich</t></r><r><rPr/><t xml:space=\"preserve\"> text</t></r></si>");
    CHECK_ROWS(
        "1[in line][rich]\n",
        .rows = ROW("<c r=\"A2\" t=\"inlineStr\"><is><t>in line</t></is></c>"
                    "<c r=\"B2\" t=\"inlineStr\"><is><r><t>ri</t></r><r><t>ch</t></r></is></c>"));
    CHECK_ROWS("1[of a formula][#N/A]\n",
               .rows = ROW("<c r=\"A2\" t=\"str\"><f>A1&amp;\"x\"</f><v>of a formula</v></c>"
                           "<c r=\"B2\" t=\"e\"><f>NA()</f><v>#N/A</v></c>"));
}

static void hints_on_pronunciation_are_no_text(void **state)
{
    (void)state;
    CHECK_ROWS("1[東京]\n", .rows = ROW("<c r=\"A2\" t=\"s\"><v>0</v></c>"),
               .strings = "<si><t>東京</t><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh></si>");
}

static void escaped_characters_are_read_and_escaped_escapes_stay(void **state)
{
    (void)state;
    CHECK_ROWS("1[a\rb][_x000D_]\n",
               .rows =
                   ROW("<c t=\"str\"><v>a_x000D_b</v></c><c t=\"str\"><v>_x005F_x000D_</v></c>"));
    CHECK_ROWS("1[€🔧][_xD83D__x0000__x12_]\n",
               .rows = ROW("<c t=\"str\"><v>_x20AC__xD83D__xDD27_</v></c>"
                           "<c t=\"str\"><v>_xD83D__x0000__x12_</v></c>"));
}

static void numbers_are_shown_in_their_shortest_exact_form(void **state)
{
    static const char *const examples[][2] = {
        {"1", "1"},
        {"1.0", "1"},
        {"-2.50", "-2.5"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"1.1000000000000001", "1.1"},
        {"8.0012345678900005E12", "8001234567890.001"},
        {"8001234567890", "8001234567890"},
        {"1E-3", "0.001"},
        {"1.5E-7", "0.00000015"},
        {"1E-10", "1e-10"},
        {"1E+20", "100000000000000000000"},
        {"1.25E+21", "1.25e+21"},
        {"007", "7"},
        {"0", "0"},
        {"-0", "0"},
        {" 5 ", "5"},
        {"12 pieces", "12 pieces"},
        {"1e999", "1e999"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        CHECK(arena_printf(arena, "[a][b]\n1[%s]\n", examples[i][1]),
              .rows = arena_printf(arena, ROW("<c r=\"A2\"><v>%s</v></c>"), examples[i][0]));
    }
}

static void a_number_format_is_obeyed_where_it_changes_what_a_cell_says(void **state)
{
    static const struct {
        const char *code;
        const char *value;
        const char *shown;
    } examples[] = {
        {"00000", "123", "00123"},
        {"00000", "1.5", "1.5"},
        {"@", "1.0", "1"},
        {"0.00", "1.5", "1.5"},
        {"#,##0.00\\ &quot;day&quot;", "45322", "45322"},
        {"[Red]#,##0", "45322", "45322"},
        {"0.00E+00", "45322", "45322"},
        {"General", "45322", "45322"},
        {"yyyy\\-mm\\-dd", "45322", "2024-01-31"},
        {"[$-409]d\\-mmm\\-yy;@", "45322", "2024-01-31"},
        {"dd/mm/yyyy hh:mm", "45322.520833333336", "2024-01-31T12:30:00"},
        {"dd/mm/yyyy", "45322.520833333336", "2024-01-31T12:30:00"},
        {"hh:mm:ss.000", "0.52083911", "12:30:00.499"},
        {"hh:mm", "0.5", "12:00:00"},
        {"[h]:mm:ss", "1.5", "36:00:00"},
        {"mmm yy", "45322", "2024-01-31"},
        {"yyyy", "-1", "-1"},
        {"yyyy", "3000000", "3000000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        AUTO(arena) struct arena *arena = arena_new();

        CHECK(arena_printf(arena, "[a][b]\n1[%s]\n", examples[i].shown),
              .rows =
                  arena_printf(arena, ROW("<c r=\"A2\" s=\"1\"><v>%s</v></c>"), examples[i].value),
              .styles =
                  arena_printf(arena,
                               "<numFmts><numFmt numFmtId=\"170\" formatCode=\"%s\"/></numFmts>"
                               "<cellStyleXfs><xf numFmtId=\"170\"/></cellStyleXfs>"
                               "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"170\"/></cellXfs>",
                               examples[i].code));
    }
}

static void days_are_counted_from_1900_with_its_wrong_leap_year_or_from_1904(void **state)
{
    static const char styles[] = "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>";

    (void)state;
    CHECK_ROWS(
        "1[1900-01-01][1900-02-28]\n2[60][1900-03-01]\n3[0][9999-12-31]\n", .styles = styles,
        .rows = ROW(
            "<c s=\"1\"><v>1</v></c><c s=\"1\"><v>59</v></c>") "<row><c s=\"1\"><v>60</v></c><c "
                                                               "s=\"1\"><v>61</v></c></row>"
                                                               "<row><c s=\"1\"><v>0</v></c><c "
                                                               "s=\"1\"><v>2958465</v></c></row>");
    CHECK_ROWS("1[1904-01-01][2024-01-31]\n", .styles = styles,
               .settings = "<workbookPr date1904=\"1\"/>",
               .rows = ROW("<c s=\"1\"><v>0</v></c><c s=\"1\"><v>43860</v></c>"));
    CHECK_ROWS("1[2024-01-31][2024-01-31T08:00:00]\n",
               .rows = ROW("<c t=\"d\"><v>2024-01-31T00:00:00</v></c>"
                           "<c t=\"d\"><v>2024-01-31T08:00:00Z</v></c>"));
}

static void each_cell_says_what_it_is(void **state)
{
    const struct workbook workbook = {
        .rows = ROW("<c r=\"A2\" t=\"b\"><v>1</v></c><c r=\"B2\" t=\"b\"><v>0</v></c>"
                    "<c r=\"D2\"><v>1.50</v></c><c r=\"E2\" s=\"1\"><v>1</v></c>"
                    "<c r=\"F2\" s=\"2\"><v>1</v></c>"),
        .styles = "<cellXfs><xf/><xf numFmtId=\"14\"/><xf numFmtId=\"49\"/></cellXfs>",
    };
    static const enum sheet_type types[] = {SHEET_BOOLEAN, SHEET_BOOLEAN, SHEET_EMPTY,
                                            SHEET_NUMBER,  SHEET_DATE,    SHEET_TEXT};
    int fd = workbook_file(&workbook);
    const struct sheet_options options = {.fd = fd, .format = SHEET_XLSX, .limits = table_limits};
    struct sheet_fault fault;
    struct sheet_row row;
    struct sheet *sheet;
    struct err err;
    bool end;

    (void)state;
    assert_ok(sheet_open(&options, &sheet, &fault, &err), &err);
    assert_ok(sheet_next(sheet, &row, &end, &fault, &err), &err);
    assert_int_equal(row.count, 6);
    for (size_t i = 0; i < row.count; i++) {
        assert_int_equal(row.cells[i].type, types[i]);
    }
    assert_true(str_is(row.cells[0].text, "true") && str_is(row.cells[1].text, "false"));
    sheet_close(sheet);
    close(fd);
}

static void cells_stand_in_their_columns_and_rows_keep_their_numbers(void **state)
{
    (void)state;
    CHECK_ROWS("1[][x]\n", .rows = ROW("<c r=\"B2\" t=\"str\"><v>x</v></c>"));
    CHECK_ROWS("1[x][y]\n",
               .rows = ROW("<c r=\"B2\" t=\"str\"><v>y</v></c><c r=\"A2\" t=\"str\"><v>x</v></c>"));
    CHECK_ROWS("1[x][y]\n", .rows = ROW("<c t=\"str\"><v>x</v></c><c t=\"str\"><v>y</v></c>"));
    CHECK_ROWS("5[x]\n", .rows = HEADER "<row r=\"4\"/><row r=\"5\"><c r=\"A5\" s=\"3\"/></row>"
                                        "<row r=\"6\"><c r=\"A6\" t=\"str\"><v>x</v></c></row>");
    CHECK_ROWS("1[x]\n",
               .sheet = "<worksheet><sheetData>" ROW(
                   "<c t=\"str\"><v>x</v></c><c s=\"1\"/>") "</sheetData><mergeCells><mergeCell "
                                                            "ref=\"A2:B2\"/></mergeCells>"
                                                            "</worksheet>");
}

static void the_first_visible_worksheet_is_read(void **state)
{
#define TYPE "http://purl.oclc.org/ooxml/officeDocument/relationships"
    static const char relations[] =
        "<Relationship Id=\"c\" Type=\"" TYPE "/chartsheet\" Target=\"chart.xml\"/>"
        "<Relationship Id=\"x\" Type=\"" TYPE
        "/worksheet\" TargetMode=\"External\" Target=\"http://example.com/s.xml\"/>"
        "<Relationship Id=\"h\" Type=\"" TYPE "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
        "<Relationship Id=\"v\" Type=\"" TYPE
        "/worksheet\" Target=\"../xl/./worksheets/sheet2.xml\"/>";
    static const char hidden[] = "<sheet name=\"C\" r:id=\"c\"/><sheet name=\"X\" r:id=\"x\"/>"
                                 "<sheet name=\"H\" state=\"hidden\" r:id=\"h\"/>";

    (void)state;
    CHECK("[second]\n", .relations = relations,
          .sheets =
              "<sheet name=\"C\" r:id=\"c\"/><sheet name=\"X\" r:id=\"x\"/>"
              "<sheet name=\"H\" state=\"hidden\" r:id=\"h\"/><sheet name=\"V\" r:id=\"v\"/>");
    CHECK("XLSX_NO_SHEET 0:0\n", .relations = relations, .sheets = hidden);
}

static void namespaces_are_written_as_a_program_likes(void **state)
{
    (void)state;
    CHECK("[a]\n1[x]\n",
          .sheet =
              "<x:worksheet xmlns:x=\"http://purl.oclc.org/ooxml/spreadsheetml/main\"><x:sheetData>"
              "<x:row><x:c t=\"str\"><x:v>a</x:v></x:c></x:row>"
              "<x:row><x:c t=\"str\"><x:v>x</x:v></x:c></x:row></x:sheetData></x:worksheet>");
}

static void what_is_no_whole_workbook_is_refused(void **state)
{
    (void)state;
    CHECK("XLSX_DAMAGED 0:0\n", .rows = HEADER, .without = "xl/worksheets/sheet1.xml");
    CHECK("XLSX_DAMAGED 0:0\n", .rows = HEADER, .without = "xl/workbook.xml");
    CHECK("XLSX_NOT_A_WORKBOOK 0:0\n", .rows = HEADER, .without = "_rels/.rels");
    CHECK("[a][b]\nXLSX_DAMAGED 0:0\n", .sheet = "<worksheet><sheetData>" HEADER);
    CHECK("[a][b]\nXLSX_DAMAGED 0:0\n", .rows = ROW("<c t=\"s\"><v>7</v></c>"));
    CHECK("[a][b]\nXLSX_DAMAGED 0:0\n", .rows = ROW("<c t=\"s\"><v>-1</v></c>"));
    CHECK("[a][b]\nXLSX_DAMAGED 0:0\n", .rows = ROW("<c t=\"unknown\"><v>7</v></c>"));
    CHECK("[a][b]\nXLSX_DAMAGED 0:0\n", .rows = ROW("<c r=\"XFE2\"><v>7</v></c>"));
    CHECK("[a][b]\nXLSX_DAMAGED 0:0\n", .rows = HEADER "<row r=\"1\"><c><v>1</v></c></row>");
    CHECK("[a][b]\nXLSX_TOO_MANY_ROWS 1048576:0\n",
          .rows = HEADER "<row r=\"1048577\"><c><v>1</v></c></row>");
}

static void a_document_type_and_its_entities_are_refused(void **state)
{
    static const char laughs[] =
        "<!DOCTYPE w [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><worksheet>&b;</worksheet>";

    (void)state;
    CHECK("XLSX_DOCTYPE 0:0\n", .sheet = laughs);
    CHECK("XLSX_DOCTYPE 0:0\n", .sheet = "<!DOCTYPE w SYSTEM \"file:///etc/passwd\"><worksheet/>");
    CHECK("XLSX_DAMAGED 0:0\n", .sheet = "<worksheet>&undeclared;</worksheet>");
}

static void a_bomb_is_refused_before_it_is_unpacked(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_limits limits = table_limits;

    (void)state;
    CHECK("[a][b]\nXLSX_TOO_LARGE 0:0\n", .rows = HEADER, .padding = 64 << 20);
    limits.unpacked_bytes = 100000;
    const struct workbook workbook = {.rows = HEADER, .padding = 200000};
    assert_string_equal(read_limited(arena, workbook_file(&workbook), limits),
                        "[a][b]\nXLSX_TOO_LARGE 0:0\n");
}

static void an_archive_of_more_parts_than_a_workbook_has_is_refused(void **state)
{
    (void)state;
    CHECK("[a][b]\n", .rows = HEADER, .extra_parts = 9000);
    CHECK("XLSX_DAMAGED 0:0\n", .rows = HEADER, .extra_parts = 10000);
}

static void what_is_too_deep_or_never_ends_is_refused(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf deep = {0};
    char *tag = arena_alloc(arena, (2 << 20) + 1);

    (void)state;
    buf_adds(&deep, "<worksheet>");
    for (int i = 0; i < 100; i++) {
        buf_adds(&deep, "<x>");
    }
    CHECK("XLSX_DAMAGED 0:0\n", .sheet = deep.data);
    memset(tag, 'x', 2 << 20);
    memcpy(tag, "<worksheet a=\"", strlen("<worksheet a=\""));
    tag[2 << 20] = '\0';
    CHECK("XLSX_DAMAGED 0:0\n", .sheet = tag);
}

static void more_shared_texts_than_memory_is_kept_for_read_the_same(void **state)
{
    enum { TEXTS = 700, TEXT_BYTES = 60000 };
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf strings = {0};
    char *tail = arena_calloc(arena, TEXT_BYTES + 1, 1);

    (void)state;
    memset(tail, 'x', TEXT_BYTES);
    for (int i = 0; i < TEXTS; i++) {
        buf_printf(&strings, "<si><t>%d%s</t></si>", i, tail);
    }
    CHECK(arena_printf(arena, "[a][b]\n1[0%s][699%s]\n2[698%s]\n", tail, tail, tail),
          .rows = ROW(
              "<c t=\"s\"><v>0</v></c><c t=\"s\"><v>699</v></c>") "<row><c "
                                                                  "t=\"s\"><v>698</v></c></row>",
          .strings = strings.data, .is_stored = true);
}

static void the_limits_of_a_table_hold(void **state)
{
    static const char wide[] = ROW("<c r=\"A2\" t=\"str\"><v>1</v></c><c r=\"E2\"><v>1</v></c>");
    static const char shared[] = ROW("<c r=\"A2\" t=\"s\"><v>0</v></c>");
    struct sheet_limits limits = table_limits;
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    limits.columns = 4;
    limits.cell_bytes = 10;
    assert_string_equal(
        read_limited(arena, workbook_file(&(struct workbook){.rows = wide}), limits),
        "[a][b]\nFILE_TOO_MANY_COLUMNS 2:5\n");
    assert_string_equal(read_limited(arena,
                                     workbook_file(&(struct workbook){
                                         .rows = shared, .strings = "<si><t>12345678901</t></si>"}),
                                     limits),
                        "[a][b]\nFILE_CELL_TOO_LONG 2:1\n");
    assert_string_equal(read_limited(arena,
                                     workbook_file(&(struct workbook){
                                         .rows = shared, .strings = "<si><t>1234567890</t></si>"}),
                                     limits),
                        "[a][b]\n1[1234567890]\n");
}

static void a_file_of_another_kind_is_told_by_its_name(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(read_limited(arena, table_file(STR("<html><table>")), table_limits),
                        "FILE_CONTENT_MISMATCH 0:0\n");
    assert_string_equal(read_limited(arena, table_file(STR("a,b\n1,2\n")), table_limits),
                        "FILE_CONTENT_MISMATCH 0:0\n");
    assert_string_equal(
        read_limited(arena, archive_file("content.xml", STR("<office/>")), table_limits),
        "XLSX_NOT_A_WORKBOOK 0:0\n");
    CHECK("XLSX_ENCRYPTED 0:0\n", .rows = HEADER, .password = "secret");
}

static void a_workbook_that_is_cut_off_anywhere_is_refused(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    int whole = workbook_file(&(struct workbook){.rows = ROW("<c><v>1</v></c>")});
    char bytes[16384];
    ssize_t n = pread(whole, bytes, sizeof(bytes), 0);

    (void)state;
    close(whole);
    assert_in_range(n, 1000, sizeof(bytes) - 1);
    for (ssize_t cut = 4; cut < n; cut += 37) {
        const char *table =
            read_limited(arena, table_file((struct str){bytes, (size_t)cut}), table_limits);

        assert_string_equal(table, "XLSX_DAMAGED 0:0\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_from_wherever_a_program_puts_them),
        cmocka_unit_test(hints_on_pronunciation_are_no_text),
        cmocka_unit_test(escaped_characters_are_read_and_escaped_escapes_stay),
        cmocka_unit_test(numbers_are_shown_in_their_shortest_exact_form),
        cmocka_unit_test(a_number_format_is_obeyed_where_it_changes_what_a_cell_says),
        cmocka_unit_test(days_are_counted_from_1900_with_its_wrong_leap_year_or_from_1904),
        cmocka_unit_test(each_cell_says_what_it_is),
        cmocka_unit_test(cells_stand_in_their_columns_and_rows_keep_their_numbers),
        cmocka_unit_test(the_first_visible_worksheet_is_read),
        cmocka_unit_test(namespaces_are_written_as_a_program_likes),
        cmocka_unit_test(what_is_no_whole_workbook_is_refused),
        cmocka_unit_test(a_document_type_and_its_entities_are_refused),
        cmocka_unit_test(a_bomb_is_refused_before_it_is_unpacked),
        cmocka_unit_test(an_archive_of_more_parts_than_a_workbook_has_is_refused),
        cmocka_unit_test(what_is_too_deep_or_never_ends_is_refused),
        cmocka_unit_test(more_shared_texts_than_memory_is_kept_for_read_the_same),
        cmocka_unit_test(the_limits_of_a_table_hold),
        cmocka_unit_test(a_file_of_another_kind_is_told_by_its_name),
        cmocka_unit_test(a_workbook_that_is_cut_off_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
