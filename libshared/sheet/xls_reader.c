#include "sheet/code_page.h"
#include "sheet/file_map.h"
#include "sheet/number_format.h"
#include "sheet/row_cells.h"

#include "xls/xls_book.h"

#include <math.h>

struct xls_state {
    struct str file;
    struct code_pages *code_pages;
    struct xls_book *book;
    struct number_format *formats; /* by the number of the style, in the sheet's arena */
    size_t format_count;
    struct buf text; /* of the cell that is being shown */
    struct row_cells cells;
};

static bool refuse(enum xls_refusal refusal, struct sheet_fault *fault, struct err *err)
{
    static const char hint[] =
        "Open the file in a spreadsheet program, save it as .xlsx and send the new file.";
    static const struct {
        struct sheet_flaw flaw;
        const char *message;
    } refusals[] = {
        [XLS_DAMAGED] = {{"XLS_DAMAGED", hint}, "The workbook is damaged."},
        [XLS_ENCRYPTED] = {{"XLS_ENCRYPTED", hint}, "The workbook is protected with a password."},
        [XLS_NO_SHEET] = {{"XLS_NO_SHEET", hint}, "The workbook has no visible sheet with cells."},
        [XLS_NOT_XLS] = {{"XLS_NOT_A_WORKBOOK", hint},
                         "The file is an older Office document, but not an Excel workbook."},
        [XLS_TOO_OLD] = {{"XLS_TOO_OLD", hint}, "The workbook was made by Excel 4 or older."},
    };

    return sheet_refuse(fault, err, &refusals[refusal].flaw, (struct sheet_place){0}, "%s",
                        refusals[refusal].message);
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

/* Into state->text. */
static enum sheet_type show_number(struct xls_state *state, const struct xls_cell *cell)
{
    static const struct number_format plain = {.kind = NUMBER_PLAIN};
    const struct xls_globals *globals = xls_book_globals(state->book);
    char shown[NUMBER_SHOWN_SIZE];

    if (!isfinite(cell->number)) {
        buf_adds(&state->text, error_name(0x24));
        return SHEET_TEXT;
    }
    enum sheet_type type =
        number_format_show(cell->style < state->format_count ? state->formats[cell->style] : plain,
                           cell->number, globals->is_1904, shown);

    buf_adds(&state->text, shown);
    return type;
}

static struct sheet_cell show_cell(struct xls_state *state, const struct xls_cell *cell)
{
    enum sheet_type type = SHEET_TEXT;

    buf_clear(&state->text);
    switch (cell->kind) {
    case XLS_CELL_TEXT:
        code_page_decode(state->code_pages, xls_book_globals(state->book)->code_page, cell->text,
                         &state->text);
        break;
    case XLS_CELL_NUMBER:
        type = show_number(state, cell);
        break;
    case XLS_CELL_BOOLEAN:
        type = SHEET_BOOLEAN;
        buf_adds(&state->text, cell->code ? "true" : "false");
        break;
    default:
        buf_adds(&state->text, error_name(cell->code));
    }
    return (struct sheet_cell){type, {state->text.data, state->text.len}};
}

static void read_formats(struct sheet *sheet, struct xls_state *state)
{
    const struct xls_globals *globals = xls_book_globals(state->book);
    size_t count = globals->styles.len / 2;

    state->formats = arena_calloc(sheet->arena, count, sizeof(*state->formats));
    for (state->format_count = 0; state->format_count < count; state->format_count++) {
        uint16_t number = xls_u16(globals->styles.data + 2 * state->format_count);
        struct str code = xls_format_code(globals, number);

        state->formats[state->format_count] =
            code.n > 0 ? number_format_of_code(code) : number_format_of_id(number);
    }
}

static bool xls_prepare(struct sheet *sheet, struct err *err)
{
    struct xls_state *state = mem_calloc(1, sizeof(*state));

    sheet->state = state;
    state->code_pages = code_pages_open();
    return file_map(sheet->options.fd, &state->file, err);
}

static bool xls_open(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    struct xls_state *state = sheet->state;
    enum xls_refusal refusal = xls_book_open(state->file, &state->book);

    if (refusal != XLS_OK) {
        return refuse(refusal, fault, err);
    }
    read_formats(sheet, state);
    return true;
}

static bool read_row(struct sheet *sheet, uint16_t row, struct sheet_fault *fault, struct err *err)
{
    struct xls_state *state = sheet->state;
    uint16_t next = row;

    row_cells_begin(&state->cells);
    while (xls_book_next_row(state->book, &next) && next == row) {
        struct xls_cell cell;
        enum xls_refusal refusal = xls_book_next(state->book, &cell);

        if (refusal != XLS_OK) {
            return refuse(refusal, fault, err);
        }
        struct sheet_place place = {(uint64_t)row + 1, (uint64_t)cell.column + 1};

        if (!row_cells_put(&state->cells, sheet, show_cell(state, &cell), place, fault, err)) {
            return false;
        }
    }
    return true;
}

static bool xls_next(struct sheet *sheet, struct sheet_row *row, bool *end,
                     struct sheet_fault *fault, struct err *err)
{
    struct xls_state *state = sheet->state;
    uint16_t number = 0;

    *end = !xls_book_next_row(state->book, &number);
    if (*end) {
        return true;
    }
    if (!read_row(sheet, number, fault, err)) {
        return false;
    }
    *row = (struct sheet_row){
        .number = (uint64_t)number + 1,
        .line = (uint64_t)number + 1,
        .cells = row_cells_end(&state->cells),
        .count = state->cells.count,
    };
    return true;
}

static void xls_close(struct sheet *sheet)
{
    struct xls_state *state = sheet->state;

    xls_book_close(state->book);
    file_unmap(state->file);
    code_pages_close(state->code_pages);
    buf_done(&state->text);
    row_cells_done(&state->cells);
    mem_free(state);
}

const struct sheet_reader xls_reader = {xls_prepare, xls_open, xls_next, xls_close};
