#include "support/gen.h"
#include "support/table.h"
#include "support/test.h"

#include "base/buf.h"
#include "sheet/writer.h"

#include <inttypes.h>
#include <unistd.h>

enum { ROUNDS = 2000, WORKBOOK_ROUNDS = 200, MOST_COLUMNS = 6, MOST_ROWS = 30, LONGEST_CELL = 12 };

static const char *const characters[] = {
    "a",      "b", "1", ".", "-",    "=", " ", "\t", "\n",       "\r",           "\"",
    ",",      ";", "|", "'", "\r\n", "@", "+", "\"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\xa7",
    "_x000D_"};

static void add_random_text(struct gen *gen, struct buf *out)
{
    for (size_t n = gen_below(gen, LONGEST_CELL); n > 0; n--) {
        buf_adds(out, characters[gen_below(gen, sizeof(characters) / sizeof(*characters))]);
    }
}

/* Without those that a spreadsheet would take for a formula; they come back changed. */
static struct str random_cell(struct gen *gen, struct arena *arena)
{
    AUTO(buf) struct buf text = {0};

    add_random_text(gen, &text);
    if (text.len > 0 && memchr("=+-@\t\r", text.data[0], 6)) {
        text.data[0] = 'x';
    }
    return (struct str){arena_strndup(arena, text.data, text.len), text.len};
}

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!memchr(" \t\r\n", text.p[i], 4)) {
            return false;
        }
    }
    return true;
}

static void add_wanted_row(struct buf *wanted, int number, const struct sheet_cell *cells,
                           size_t count)
{
    while (count > 0 && is_blank(cells[count - 1].text)) {
        count--;
    }
    if (count == 0) {
        return;
    }
    buf_printf(wanted, "%d", number);
    for (size_t i = 0; i < count; i++) {
        buf_addc(wanted, '[');
        buf_add(wanted, cells[i].text.p, cells[i].text.n);
        buf_addc(wanted, ']');
    }
    buf_addc(wanted, '\n');
}

static void write_header(struct sheet_writer *writer, struct arena *arena, size_t columns,
                         struct buf *wanted)
{
    struct str names[MOST_COLUMNS];
    struct err err;

    for (size_t i = 0; i < columns; i++) {
        names[i] = str_from(arena_printf(arena, "name \"%zu\";, %zu", i, i));
        buf_printf(wanted, "[%s]", names[i].p);
    }
    buf_addc(wanted, '\n');
    assert_ok(sheet_write_header(writer, names, columns, &err), &err);
}

static void write_random_table(struct gen *gen, struct arena *arena,
                               const struct sheet_writer_options *options, struct buf *wanted)
{
    AUTO(sheet_writer) struct sheet_writer *writer = NULL;
    size_t columns = 1 + gen_below(gen, MOST_COLUMNS);
    int rows = (int)gen_below(gen, MOST_ROWS);
    struct err err;

    assert_ok(sheet_writer_open(options, &writer, &err), &err);
    write_header(writer, arena, columns, wanted);
    for (int row = 1; row <= rows; row++) {
        struct sheet_cell cells[MOST_COLUMNS];

        for (size_t i = 0; i < columns; i++) {
            cells[i] = (struct sheet_cell){SHEET_TEXT, random_cell(gen, arena)};
        }
        assert_ok(sheet_write_row(writer, cells, NULL, columns, &err), &err);
        add_wanted_row(wanted, row, cells, columns);
    }
    assert_ok(sheet_writer_finish(writer, &err), &err);
}

static void check_round_trips(enum sheet_format format, int rounds)
{
    struct gen gen = gen_new(test_seed());

    for (int round = 0; round < rounds; round++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(buf) struct buf wanted = {0};
        int fd = table_file(STR(""));
        const struct sheet_writer_options written = {.fd = fd, .format = format};
        const struct sheet_options read = {.fd = fd, .format = format, .limits = table_limits};

        write_random_table(&gen, arena, &written, &wanted);
        assert_string_equal(table_parse(arena, &read), wanted.data);
        close(fd);
    }
}

static void a_csv_table_that_is_written_reads_the_same(void **state)
{
    (void)state;
    check_round_trips(SHEET_CSV, ROUNDS);
}

static void an_xlsx_table_that_is_written_reads_the_same(void **state)
{
    (void)state;
    check_round_trips(SHEET_XLSX, WORKBOOK_ROUNDS);
}

/* Texts and any other bytes, also such that are refused. */
static int random_file(struct gen *gen)
{
    static const char *const starts[] = {"",         "a,b\n",    "\xef\xbb\xbf",
                                         "\xff\xfe", "\xfe\xff", "sep=;\r\n"};
    AUTO(buf) struct buf content = {0};

    buf_adds(&content, starts[gen_below(gen, sizeof(starts) / sizeof(*starts))]);
    for (size_t n = gen_below(gen, 20); n > 0; n--) {
        add_random_text(gen, &content);
        if (gen_below(gen, 20) == 0) {
            buf_addc(&content, (char)gen_below(gen, 256));
        }
    }
    return table_file((struct str){content.data, content.len});
}

static void the_sizes_of_reads_do_not_change_the_rows(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(arena) struct arena *arena = arena_new();
        int fd = random_file(&gen);
        struct sheet_options options = {.fd = fd, .limits = table_limits};
        const char *wanted = table_parse(arena, &options);

        options.read_bytes = 1 + gen_below(&gen, 40);
        assert_string_equal(table_parse(arena, &options), wanted);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csv_table_that_is_written_reads_the_same),
        cmocka_unit_test(an_xlsx_table_that_is_written_reads_the_same),
        cmocka_unit_test(the_sizes_of_reads_do_not_change_the_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
