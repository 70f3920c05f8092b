#include "support/test.h"

#include "support/table.h"

#include "base/buf.h"
#include "sheet/frame_reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const struct sheet_limits limits = {.columns = 3, .cell_bytes = 8, .row_bytes = 16};

static void add_frame(struct buf *out, uint32_t kind, struct str payload)
{
    struct frame_head head = {kind, (uint32_t)payload.n};

    buf_add(out, &head, sizeof(head));
    buf_add(out, payload.p, payload.n);
}

/* One row with cells of one type that share a text. */
struct row {
    uint64_t number;
    uint64_t line;
    uint64_t told_cells; /* 0: as many as there are */
    uint32_t type;
    uint32_t bytes[4]; /* of the cells, up to a zero */
    struct str text;
};

static void add_row(struct buf *out, const struct row *row)
{
    AUTO(buf) struct buf payload = {0};
    struct row_frame frame = {row->number, row->line, 0};

    while (frame.cells < 4 && row->bytes[frame.cells] > 0) {
        frame.cells++;
    }
    size_t cells = frame.cells;

    frame.cells = row->told_cells ? row->told_cells : cells;
    buf_add(&payload, &frame, sizeof(frame));
    for (size_t i = 0; i < cells; i++) {
        struct cell_frame cell = {row->type, row->bytes[i]};

        buf_add(&payload, &cell, sizeof(cell));
    }
    buf_add(&payload, row->text.p, row->text.n);
    add_frame(out, FRAME_ROW, (struct str){payload.data, payload.len});
}

static void add_fault(struct buf *out, const struct sheet_fault *fault)
{
    add_frame(out, FRAME_FAULT, (struct str){(const char *)fault, sizeof(*fault)});
}

/* All that comes of the frames: "3:[a][b] end", or the code of a fault. */
static const char *read_frames(struct arena *arena, const struct buf *frames,
                               enum sheet_format format)
{
    struct sheet sheet = {.options = {.format = format, .limits = limits}};
    int fd = table_file((struct str){frames->data, frames->len});
    AUTO(buf) struct buf out = {0};
    struct frame_reader reader;
    struct sheet_fault fault = {0};
    struct sheet_row row;
    struct err err;
    bool end = false;
    bool ok = true;

    frame_reader_init(&reader, fd, 1000);
    while (ok && !end) {
        ok = frame_reader_next(&reader, &sheet, &row, &end, &fault, &err);
        if (ok && !end) {
            buf_printf(&out, "%d:", (int)row.number);
            for (size_t i = 0; i < row.count; i++) {
                buf_printf(&out, "[%.*s]", (int)row.cells[i].text.n, row.cells[i].text.p);
            }
            buf_addc(&out, ' ');
        }
    }
    buf_adds(&out, ok ? "end" : fault.code);
    assert_true(ok || (err.kind == ERR_INVALID && fault.message[0] && fault.hint[0]));
    frame_reader_done(&reader);
    close(fd);
    return arena_strndup(arena, out.data, out.len);
}

static void check(const struct buf *frames, enum sheet_format format, const char *wanted)
{
    AUTO(arena) struct arena *arena = arena_new();

    assert_string_equal(read_frames(arena, frames, format), wanted);
}

static const struct row well = {
    .number = 3, .line = 4, .type = SHEET_TEXT, .bytes = {1, 3}, .text = STR("a\xe2\x82\xac")};

static void rows_come_out_as_they_went_in(void **state)
{
    AUTO(buf) struct buf frames = {0};

    (void)state;
    add_row(&frames, &well);
    add_frame(&frames, FRAME_END, STR(""));
    check(&frames, SHEET_CSV, "3:[a][\xe2\x82\xac] end");
}

static void a_row_that_cannot_be_is_not_believed(void **state)
{
    static const struct row rows[] = {
        /* the same row again, and one before it */
        {3, 5, 0, SHEET_TEXT, {1}, STR("a")},
        {4, 4, 0, SHEET_TEXT, {1}, STR("a")},
        {0, 0, 0, SHEET_TEXT, {1}, STR("a")},
        /* more cells than it has, or than a row may have */
        {4, 5, 2, SHEET_TEXT, {1}, STR("a")},
        {4, 5, UINT64_MAX, SHEET_TEXT, {1}, STR("a")},
        {4, 5, (UINT64_C(1) << 61) + 1, SHEET_TEXT, {1}, STR("a")},
        {4, 5, 0, SHEET_TEXT, {1, 1, 1, 1}, STR("abcd")},
        /* texts that are longer or shorter than told, or than they may be */
        {4, 5, 0, SHEET_TEXT, {2}, STR("a")},
        {4, 5, 0, SHEET_TEXT, {UINT32_MAX, 2}, STR("a")},
        {4, 5, 0, SHEET_TEXT, {1}, STR("ab")},
        {4, 5, 0, SHEET_TEXT, {9}, STR("123456789")},
        {4, 5, 0, SHEET_TEXT, {8, 8, 1}, STR("12345678123456781")},
        /* what is no text */
        {4, 5, 0, SHEET_TEXT, {2}, STR("a\0")},
        {4, 5, 0, SHEET_TEXT, {2}, STR("a\xff")},
        {4, 5, 0, SHEET_TEXT, {1, 2}, STR("\xe2\x82\xac")},
        /* types that there are not */
        {4, 5, 0, SHEET_EMPTY, {1}, STR("a")},
        {4, 5, 0, SHEET_DATE + 1, {1}, STR("a")},
        {4, 5, 0, UINT32_MAX, {1}, STR("a")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(buf) struct buf frames = {0};

        add_row(&frames, &well);
        add_row(&frames, &rows[i]);
        add_frame(&frames, FRAME_END, STR(""));
        check(&frames, SHEET_XLSX, "3:[a][\xe2\x82\xac] XLSX_UNREADABLE");
    }
}

static void a_csv_file_has_no_numbers(void **state)
{
    AUTO(buf) struct buf frames = {0};

    (void)state;
    add_row(&frames, &(struct row){1, 1, 0, SHEET_NUMBER, {1}, STR("1")});
    add_frame(&frames, FRAME_END, STR(""));
    check(&frames, SHEET_XLS, "1:[1] end");
    check(&frames, SHEET_CSV, "CSV_UNREADABLE");
}

static void what_is_no_frame_is_refused(void **state)
{
    static const struct frame_head heads[] = {
        {0, 0},
        {'Z', 0},
        {FRAME_ROW, 0},
        {FRAME_ROW, UINT32_MAX},
        {FRAME_ROW, 4096},
        {FRAME_END, 1},
        {FRAME_FAULT, 10},
        {FRAME_DIALECT, sizeof(struct dialect_frame)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        AUTO(buf) struct buf frames = {0};

        buf_add(&frames, &heads[i], sizeof(heads[i]));
        buf_adds(&frames, "................................................................");
        check(&frames, SHEET_XLS, "XLS_UNREADABLE");
    }
}

static void frames_that_are_cut_off_anywhere_are_refused(void **state)
{
    AUTO(buf) struct buf frames = {0};

    (void)state;
    add_row(&frames, &well);
    size_t row_bytes = frames.len;

    add_frame(&frames, FRAME_END, STR(""));
    while (frames.len > 0) {
        frames.len--;
        check(&frames, SHEET_CSV,
              frames.len >= row_bytes ? "3:[a][\xe2\x82\xac] CSV_UNREADABLE" : "CSV_UNREADABLE");
    }
}

static void a_fault_is_told_as_far_as_it_is_text(void **state)
{
    static const struct {
        struct sheet_fault fault;
        const char *wanted;
    } examples[] = {
        {{"CSV_OPEN", 1, 2, "It is open.", "Close it."}, "CSV_OPEN"},
        {{"CSV_OPEN", 1, 2, "Cut \xe2\x82", "Close it."}, "CSV_OPEN"},
        {{"csv", 1, 2, "It is open.", "Close it."}, "CSV_UNREADABLE"},
        {{"A B", 1, 2, "It is open.", "Close it."}, "CSV_UNREADABLE"},
        {{"", 1, 2, "It is open.", "Close it."}, "CSV_UNREADABLE"},
        {{"CSV_OPEN", UINT64_MAX, 2, "It is open.", "Close it."}, "CSV_UNREADABLE"},
        {{"CSV_OPEN", 1, 2, "\xff", "Close it."}, "CSV_UNREADABLE"},
        {{"CSV_OPEN", 1, 2, "It is open.", ""}, "CSV_UNREADABLE"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        AUTO(buf) struct buf frames = {0};

        add_fault(&frames, &examples[i].fault);
        check(&frames, SHEET_CSV, examples[i].wanted);
    }
}

static void a_fault_without_an_end_is_cut(void **state)
{
    AUTO(buf) struct buf frames = {0};
    struct sheet_fault fault;

    (void)state;
    memset(&fault, 'A', sizeof(fault));
    fault.line = 1;
    fault.column = 1;
    add_fault(&frames, &fault);
    check(&frames, SHEET_CSV, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void a_dialect_that_there_is_not_is_refused(void **state)
{
    static const struct dialect_frame dialects[] = {
        {"utf-8", '\0', 0}, {"utf-8", '\x80', 0}, {"utf-7", ',', 0}, {"", ',', 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        AUTO(buf) struct buf frames = {0};

        add_frame(&frames, FRAME_DIALECT,
                  (struct str){(const char *)&dialects[i], sizeof(dialects[i])});
        add_frame(&frames, FRAME_END, STR(""));
        check(&frames, SHEET_CSV, "CSV_UNREADABLE");
    }
}

static void a_reader_that_says_nothing_is_given_up(void **state)
{
    struct sheet sheet = {.options = {.format = SHEET_XLSX, .limits = limits}};
    struct frame_reader reader;
    struct sheet_fault fault;
    struct sheet_row row;
    struct err err;
    int ends[2];
    bool end;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    frame_reader_init(&reader, ends[0], 10);
    assert_false(frame_reader_next(&reader, &sheet, &row, &end, &fault, &err));
    assert_string_equal(fault.code, "XLSX_UNREADABLE");
    frame_reader_done(&reader);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_out_as_they_went_in),
        cmocka_unit_test(a_row_that_cannot_be_is_not_believed),
        cmocka_unit_test(a_csv_file_has_no_numbers),
        cmocka_unit_test(what_is_no_frame_is_refused),
        cmocka_unit_test(frames_that_are_cut_off_anywhere_are_refused),
        cmocka_unit_test(a_fault_is_told_as_far_as_it_is_text),
        cmocka_unit_test(a_fault_without_an_end_is_cut),
        cmocka_unit_test(a_dialect_that_there_is_not_is_refused),
        cmocka_unit_test(a_reader_that_says_nothing_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
