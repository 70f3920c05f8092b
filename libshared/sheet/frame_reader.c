#include "sheet/frame_reader.h"

#include "sheet/decode.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 64 * 1024, ASCII = 0x80 };

void frame_reader_init(struct frame_reader *reader, int fd, int wait_ms)
{
    *reader = (struct frame_reader){.fd = fd, .wait_ms = wait_ms, .capacity = FIRST_CAPACITY};
    reader->bytes = mem_alloc(reader->capacity);
}

void frame_reader_done(struct frame_reader *reader)
{
    mem_free(reader->bytes);
    mem_free(reader->cells);
    buf_done(&reader->text);
}

static bool refuse(struct frame_reader *reader, const struct sheet *sheet,
                   struct sheet_fault *fault, struct err *err)
{
    static const char hint[] =
        "Open the file in a spreadsheet program, save it as .xlsx and send the new file.";
    static const struct sheet_flaw flaws[] = {[SHEET_CSV] = {"CSV_UNREADABLE", hint},
                                              [SHEET_XLSX] = {"XLSX_UNREADABLE", hint},
                                              [SHEET_XLS] = {"XLS_UNREADABLE", hint}};

    reader->is_broken = true;
    return sheet_refuse(fault, err, &flaws[sheet->options.format], (struct sheet_place){0},
                        "The file cannot be read.");
}

static bool fill(struct frame_reader *reader)
{
    struct pollfd poll_fd = {.fd = reader->fd, .events = POLLIN};
    ssize_t n;

    do {
        if (poll(&poll_fd, 1, reader->wait_ms) == 0) {
            return false;
        }
        n = read(reader->fd, reader->bytes + reader->filled, reader->capacity - reader->filled);
    } while (n < 0 && errno == EINTR);
    reader->filled += n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* Takes `n` bytes, valid until the next call; NULL when they do not come. */
static const char *take(struct frame_reader *reader, size_t n)
{
    if (reader->at + n > reader->capacity) {
        reader->filled -= reader->at;
        memmove(reader->bytes, reader->bytes + reader->at, reader->filled);
        reader->at = 0;
        if (n > reader->capacity) {
            reader->capacity = n;
            reader->bytes = mem_realloc(reader->bytes, n);
        }
    }
    while (reader->filled - reader->at < n) {
        if (!fill(reader)) {
            return NULL;
        }
    }
    reader->at += n;
    return reader->bytes + reader->at - n;
}

bool frame_reader_begin(struct frame_reader *reader)
{
    static const struct frame_head ready = {.kind = FRAME_READY};
    const char *p = take(reader, sizeof(ready));

    return p && memcmp(p, &ready, sizeof(ready)) == 0;
}

/* Whether a frame of this kind can be so long. */
static bool is_possible(const struct sheet *sheet, const struct frame_head *head)
{
    const struct sheet_limits *limits = &sheet->options.limits;
    uint64_t most_of_row =
        sizeof(struct row_frame) + limits->columns * sizeof(struct cell_frame) + limits->row_bytes;

    switch (head->kind) {
    case FRAME_DIALECT:
        return sheet->options.format == SHEET_CSV && head->bytes == sizeof(struct dialect_frame);
    case FRAME_ROW:
        return head->bytes >= sizeof(struct row_frame) && head->bytes <= most_of_row;
    case FRAME_END:
        return head->bytes == 0;
    case FRAME_FAULT:
        return head->bytes == sizeof(struct sheet_fault);
    default:
        return false;
    }
}

static bool read_dialect(const char *payload, struct sheet_dialect *out)
{
    struct dialect_frame frame;

    memcpy(&frame, payload, sizeof(frame));
    frame.encoding[sizeof(frame.encoding) - 1] = '\0';
    if (frame.delimiter <= 0 || (unsigned char)frame.delimiter >= ASCII) {
        return false;
    }
    for (enum encoding i = ENCODING_UTF8; i <= ENCODING_WINDOWS_1252; i++) {
        if (strcmp(encoding_name(i), frame.encoding) == 0) {
            *out = (struct sheet_dialect){encoding_name(i), frame.delimiter, frame.has_bom != 0};
            return true;
        }
    }
    return false;
}

/* UTF-8 without zero bytes, up to a flaw. */
static void add_text(struct buf *out, struct str text)
{
    struct decoder decoder = {.encoding = ENCODING_UTF8, .is_certain = true};

    decode(&decoder, text, true, out);
}

/* Whether a cell may be so; `p` is its text. */
static bool is_cell(const struct sheet *sheet, const struct cell_frame *cell, const char *p)
{
    bool is_text_only = sheet->options.format == SHEET_CSV;

    return cell->type <= (is_text_only ? SHEET_TEXT : SHEET_DATE) &&
           (cell->type == SHEET_EMPTY) == (cell->bytes == 0) &&
           cell->bytes <= sheet->options.limits.cell_bytes &&
           (cell->bytes == 0 || ((unsigned char)*p & 0xC0) != 0x80); /* begins with a character */
}

/* Cuts reader->text into cells; it has to be used up. */
static bool read_cells(struct frame_reader *reader, const struct sheet *sheet, const char *frames,
                       size_t count)
{
    const char *p = reader->text.data;
    size_t left = reader->text.len;

    if (count > reader->cell_capacity) {
        reader->cell_capacity = count;
        reader->cells = mem_realloc(reader->cells, count * sizeof(*reader->cells));
    }
    for (size_t i = 0; i < count; i++) {
        struct cell_frame cell;

        memcpy(&cell, frames + i * sizeof(cell), sizeof(cell));
        if (cell.bytes > left || !is_cell(sheet, &cell, p)) {
            return false;
        }
        reader->cells[i] = (struct sheet_cell){cell.type, {p, cell.bytes}};
        p += cell.bytes;
        left -= cell.bytes;
    }
    return left == 0;
}

static bool read_row(struct frame_reader *reader, const struct sheet *sheet, struct str payload,
                     struct sheet_row *row)
{
    struct row_frame frame;

    memcpy(&frame, payload.p, sizeof(frame));
    payload = (struct str){payload.p + sizeof(frame), payload.n - sizeof(frame)};
    if (frame.number <= reader->number || frame.line <= reader->line ||
        frame.cells > sheet->options.limits.columns ||
        frame.cells > payload.n / sizeof(struct cell_frame)) {
        return false;
    }
    size_t head_bytes = frame.cells * sizeof(struct cell_frame);
    struct str text = {payload.p + head_bytes, payload.n - head_bytes};

    buf_clear(&reader->text);
    add_text(&reader->text, text);
    if (text.n > sheet->options.limits.row_bytes || reader->text.len != text.n ||
        !read_cells(reader, sheet, payload.p, frame.cells)) {
        return false;
    }
    reader->number = frame.number;
    reader->line = frame.line;
    *row = (struct sheet_row){frame.number, frame.line, reader->cells, frame.cells};
    return true;
}

static bool is_code(const char *code)
{
    for (; isupper((unsigned char)*code) || isdigit((unsigned char)*code) || *code == '_'; code++) {
    }
    return *code == '\0';
}

/* Copies what is text of it; false when that is nothing. */
static bool read_sentence(const char *from, char *to, size_t size)
{
    AUTO(buf) struct buf text = {0};

    add_text(&text, (struct str){from, strnlen(from, size - 1)});
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] = iscntrl((unsigned char)text.data[i]) ? ' ' : text.data[i];
    }
    snprintf(to, size, "%s", text.len > 0 ? text.data : "");
    return text.len > 0;
}

static bool read_fault(const char *payload, struct sheet_fault *out)
{
    struct sheet_fault told;

    memcpy(&told, payload, sizeof(told));
    told.code[sizeof(told.code) - 1] = '\0';
    out->line = told.line;
    out->column = told.column;
    snprintf(out->code, sizeof(out->code), "%s", told.code);
    return told.code[0] && is_code(told.code) && told.line <= INT64_MAX &&
           told.column <= INT64_MAX &&
           read_sentence(told.message, out->message, sizeof(out->message)) &&
           read_sentence(told.hint, out->hint, sizeof(out->hint));
}

static bool take_frame(struct frame_reader *reader, const struct sheet *sheet,
                       struct frame_head *head, struct str *payload)
{
    const char *p = take(reader, sizeof(*head));

    if (!p) {
        return false;
    }
    memcpy(head, p, sizeof(*head));
    if (!is_possible(sheet, head)) {
        return false;
    }
    *payload = (struct str){take(reader, head->bytes), head->bytes};
    return payload->p != NULL;
}

/* Frames up to the next row or the last one; false when they make no sense. */
static bool read_frames(struct frame_reader *reader, struct sheet *sheet, struct sheet_row *row,
                        uint32_t *kind, struct sheet_fault *fault)
{
    struct frame_head head;
    struct str payload;

    do {
        if (!take_frame(reader, sheet, &head, &payload)) {
            return false;
        }
        *kind = head.kind;
        if (head.kind == FRAME_DIALECT && !read_dialect(payload.p, &sheet->dialect)) {
            return false;
        }
    } while (head.kind == FRAME_DIALECT);
    return head.kind == FRAME_ROW     ? read_row(reader, sheet, payload, row)
           : head.kind == FRAME_FAULT ? read_fault(payload.p, fault)
                                      : true;
}

bool frame_reader_next(struct frame_reader *reader, struct sheet *sheet, struct sheet_row *row,
                       bool *end, struct sheet_fault *fault, struct err *err)
{
    uint32_t kind = FRAME_END;

    if (reader->is_broken || (!reader->is_over && !read_frames(reader, sheet, row, &kind, fault))) {
        return refuse(reader, sheet, fault, err);
    }
    reader->is_over = kind == FRAME_END;
    *end = kind == FRAME_END;
    return kind != FRAME_FAULT || err_set(err, ERR_INVALID, "%s: %s", fault->code, fault->message);
}
