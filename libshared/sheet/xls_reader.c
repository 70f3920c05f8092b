#include "sheet/code_page.h"
#include "sheet/number_format.h"
#include "sheet/row_cells.h"
#include "sheet/xls_process.h"

#include "xls/xls_bytes.h"
#include "xls/xls_wire.h"

#include <math.h>

enum {
    MAX_STYLES = 65536,
    FRAME_BYTES = 1 << 20, /* of a row besides its texts */
    NUMBER_BYTES = 10,     /* style and value */
};

struct xls_state {
    struct xls_process *process;
    struct code_page *code_page;
    bool is_1904;
    struct number_format *formats; /* by the number of the style, in the sheet's arena */
    size_t format_count;
    struct buf frame;
    struct buf text;
    struct row_cells cells;
    uint64_t line;
};

static bool refuse(struct sheet_fault *fault, struct err *err, const char *code,
                   const char *message)
{
    struct sheet_flaw flaw = {
        code, "Open the file in a spreadsheet program, save it as .xlsx and send the new file."};

    return sheet_refuse(fault, err, &flaw, (struct sheet_place){0}, "%s", message);
}

/* The process has ended, hangs or does not keep to the frames. */
static bool refuse_unreadable(struct sheet_fault *fault, struct err *err)
{
    return refuse(fault, err, "XLS_UNREADABLE", "The workbook cannot be read.");
}

static bool refuse_as_told(unsigned char refusal, struct sheet_fault *fault, struct err *err)
{
    switch (refusal) {
    case XLS_ENCRYPTED:
        return refuse(fault, err, "XLS_ENCRYPTED", "The workbook is protected with a password.");
    case XLS_NO_SHEET:
        return refuse(fault, err, "XLS_NO_SHEET", "The workbook has no visible sheet with cells.");
    case XLS_NOT_XLS:
        return refuse(fault, err, "XLS_NOT_A_WORKBOOK",
                      "The file is an older Office document, but not an Excel workbook.");
    case XLS_TOO_OLD:
        return refuse(fault, err, "XLS_TOO_OLD", "The workbook was made by Excel 4 or older.");
    default:
        return refuse(fault, err, "XLS_DAMAGED", "The workbook is damaged.");
    }
}

/* Takes the next frame; its payload is in state->frame. */
static bool take_frame(struct sheet *sheet, unsigned char *kind, struct sheet_fault *fault,
                       struct err *err)
{
    struct xls_state *state = sheet->state;
    unsigned char head[XLS_FRAME_HEAD_BYTES];
    size_t most = 2 * sheet->options.limits.row_bytes + FRAME_BYTES; /* UTF-16 */

    if (!xls_process_read(state->process, head, sizeof(head))) {
        return refuse_unreadable(fault, err);
    }
    size_t n = xls_u32(head + 1);

    *kind = head[0];
    if (*kind == XLS_FRAME_ROW && n > most) {
        return sheet_check_row(sheet, n, state->line + 1, fault, err);
    }
    if (n > most) {
        return refuse_unreadable(fault, err);
    }
    buf_clear(&state->frame);
    while (state->frame.len < n) {
        char piece[4096];
        size_t some = n - state->frame.len < sizeof(piece) ? n - state->frame.len : sizeof(piece);

        if (!xls_process_read(state->process, piece, some)) {
            return refuse_unreadable(fault, err);
        }
        buf_add(&state->frame, piece, some);
    }
    return *kind != XLS_FRAME_REFUSED ||
           refuse_as_told(n > 0 ? (unsigned char)state->frame.data[0] : 0, fault, err);
}

static bool read_workbook(struct xls_state *state)
{
    if (state->frame.len != 3 || state->code_page) {
        return false;
    }
    state->is_1904 = state->frame.data[0] != 0;
    state->code_page = code_page_open(xls_u16(state->frame.data + 1));
    return true;
}

static bool read_format(struct xls_state *state)
{
    if (state->frame.len < 2 || state->format_count == MAX_STYLES) {
        return false;
    }
    struct str code = {state->frame.data + 2, state->frame.len - 2};

    state->formats[state->format_count++] =
        code.n > 0 ? number_format_of_code(code) : number_format_of_id(xls_u16(state->frame.data));
    return true;
}

static const char *error_name(unsigned char code)
{
    static const struct {
        unsigned char code;
        const char *name;
    } errors[] = {
        {0x00, "#NULL!"}, {0x07, "#DIV/0!"}, {0x0F, "#VALUE!"}, {0x17, "#REF!"},
        {0x1D, "#NAME?"}, {0x24, "#NUM!"},   {0x2A, "#N/A"},
    };

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].code == code) {
            return errors[i].name;
        }
    }
    return "#ERROR!";
}

/* A number of the frame in state->text. */
static enum sheet_type show_number(struct xls_state *state, const char *at)
{
    static const struct number_format plain = {.kind = NUMBER_PLAIN};
    uint16_t style = xls_u16(at);
    double value = xls_double(at + 2);
    char shown[NUMBER_SHOWN_SIZE];

    if (!isfinite(value)) {
        buf_adds(&state->text, error_name(0x24));
        return SHEET_TEXT;
    }
    enum sheet_type type = number_format_show(
        style < state->format_count ? state->formats[style] : plain, value, state->is_1904, shown);

    buf_adds(&state->text, shown);
    return type;
}

/* Reads one cell at *at into state->text; false when it is not whole. */
static bool read_cell(struct xls_state *state, size_t *at, struct sheet_cell *cell)
{
    const char *p = state->frame.data + *at + 1;
    size_t left = state->frame.len - *at;
    char kind;

    buf_clear(&state->text);
    if (left-- < 2) {
        return false;
    }
    kind = p[-1];
    if (kind == XLS_CELL_TEXT && left >= 4 && xls_u32(p) <= left - 4) {
        cell->type = SHEET_TEXT;
        code_page_decode(state->code_page, (struct str){p + 4, xls_u32(p)}, &state->text);
        *at += 1 + 4 + (size_t)xls_u32(p);
    } else if (kind == XLS_CELL_NUMBER && left >= NUMBER_BYTES) {
        cell->type = show_number(state, p);
        *at += 1 + NUMBER_BYTES;
    } else if (kind == XLS_CELL_BOOLEAN) {
        cell->type = SHEET_BOOLEAN;
        buf_adds(&state->text, p[0] ? "true" : "false");
        *at += 2;
    } else if (kind == XLS_CELL_ERROR) {
        cell->type = SHEET_TEXT;
        buf_adds(&state->text, error_name((unsigned char)p[0]));
        *at += 2;
    } else {
        return false;
    }
    cell->text = (struct str){state->text.data, state->text.len};
    return true;
}

static bool read_row(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    struct xls_state *state = sheet->state;
    const struct buf *frame = &state->frame;
    size_t at = 2;

    if (frame->len < at || !state->code_page || xls_u16(frame->data) < state->line) {
        return refuse_unreadable(fault, err);
    }
    state->line = (uint64_t)xls_u16(frame->data) + 1;
    row_cells_begin(&state->cells);
    while (at < frame->len) {
        struct sheet_place place = {.line = state->line};
        struct sheet_cell cell;

        if (frame->len - at < 2) {
            return refuse_unreadable(fault, err);
        }
        place.column = (uint64_t)xls_u16(frame->data + at) + 1;
        at += 2;
        if (!read_cell(state, &at, &cell)) {
            return refuse_unreadable(fault, err);
        }
        if (!row_cells_put(&state->cells, sheet, cell, place, fault, err)) {
            return false;
        }
    }
    return true;
}

static bool xls_open(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    struct xls_state *state = mem_calloc(1, sizeof(*state));

    (void)fault;
    sheet->state = state;
    state->formats = arena_calloc(sheet->arena, MAX_STYLES, sizeof(*state->formats));
    return xls_process_start(sheet->options.fd, &state->process, err);
}

static bool xls_next(struct sheet *sheet, struct sheet_row *row, bool *end,
                     struct sheet_fault *fault, struct err *err)
{
    struct xls_state *state = sheet->state;
    unsigned char kind = 0;

    *end = false;
    while (kind != XLS_FRAME_ROW && !*end) {
        bool is_well = true;

        if (!take_frame(sheet, &kind, fault, err)) {
            return false;
        }
        *end = kind == XLS_FRAME_END;
        if (kind == XLS_FRAME_ROW) {
            if (!read_row(sheet, fault, err)) {
                return false;
            }
        } else if (kind == XLS_FRAME_WORKBOOK) {
            is_well = read_workbook(state);
        } else if (kind == XLS_FRAME_FORMAT) {
            is_well = read_format(state);
        } else {
            is_well = *end;
        }
        if (!is_well) {
            return refuse_unreadable(fault, err);
        }
    }
    *row = (struct sheet_row){
        .number = state->line,
        .line = state->line,
        .cells = row_cells_end(&state->cells),
        .count = state->cells.count,
    };
    return true;
}

static void xls_close(struct sheet *sheet)
{
    struct xls_state *state = sheet->state;

    if (state) {
        xls_process_end(state->process);
        code_page_close(state->code_page);
        buf_done(&state->frame);
        buf_done(&state->text);
        row_cells_done(&state->cells);
        mem_free(state);
    }
}

const struct sheet_reader xls_reader = {xls_open, xls_next, xls_close};
