#include "sheet/sheet_internal.h"

#include "sheet/csv_text.h"
#include "sheet/delimiter.h"

#include <csv.h>

#include <inttypes.h>

enum {
    CELL_GROWTH_BYTES = 64 * 1024,
    LENIENT = CSV_REPALL_NL, /* so that blank lines are told */
    STRICT = LENIENT | CSV_STRICT,
};

struct csv_state {
    struct sheet *sheet;
    struct csv_text text;
    struct csv_parser parser;

    uint64_t line;   /* that is read next */
    uint64_t number; /* of the row */

    /* The row that is being read. */
    uint64_t row_line;
    size_t row_bytes;
    bool is_row_complete;
    struct sheet_cell *cells;
    size_t cell_count;
    size_t cell_capacity;
    struct buf cell_bytes;
    size_t cells_before_line;
    struct sheet_place quote; /* the last one that was open at a line break; line 0: none */
    bool has_stray_quote;     /* in the quoted cell that is being read */

    /* Of the call that reads the row. */
    struct sheet_fault *fault;
    struct err *err;
    bool is_refused; /* by a callback of the parser */
};

/* Cells are complete one after another, so their bytes stand in one buffer in this order; pointers
 * into it are set when the row is complete. */
static void take_cell(void *p, size_t n, void *ctx)
{
    struct csv_state *state = ctx;
    struct sheet_place place = {state->line, state->cell_count + 1};

    state->has_stray_quote = false;
    if (state->is_refused) {
        return;
    }
    if (!sheet_check_columns(state->sheet, state->cell_count + 1, state->line, state->fault,
                             state->err) ||
        !sheet_check_cell(state->sheet, n, place, state->fault, state->err)) {
        state->is_refused = true;
        return;
    }
    if (state->cell_count == state->cell_capacity) {
        state->cell_capacity = state->cell_capacity ? state->cell_capacity * 2 : 32;
        state->cells = mem_realloc(state->cells, state->cell_capacity * sizeof(struct sheet_cell));
    }
    state->cells[state->cell_count++] =
        (struct sheet_cell){n > 0 ? SHEET_TEXT : SHEET_EMPTY, {NULL, n}};
    buf_add(&state->cell_bytes, p, n);
}

static void end_row(int c, void *ctx)
{
    struct csv_state *state = ctx;

    (void)c;
    state->is_row_complete = true;
}

static void begin_row(struct csv_state *state, struct sheet_fault *fault, struct err *err)
{
    state->row_line = state->line;
    state->row_bytes = 0;
    state->is_row_complete = false;
    state->cell_count = 0;
    state->cells_before_line = 0;
    buf_clear(&state->cell_bytes);
    state->quote = (struct sheet_place){0};
    state->has_stray_quote = false;
    state->fault = fault;
    state->err = err;
}

/* A line has ended and the row has not: a quote is open. It is a new one if a cell was completed
 * in this line. */
static void note_open_quote(struct csv_state *state)
{
    if (state->quote.line == 0 || state->cell_count > state->cells_before_line) {
        state->quote = (struct sheet_place){state->line, state->cell_count + 1};
    }
    state->cells_before_line = state->cell_count;
}

static bool refuse_open_quote(struct csv_state *state)
{
    static const struct sheet_flaw flaw = {
        "CSV_UNBALANCED_QUOTE",
        "Close the quote, or double it (\"\") if it belongs to the text, as in \"1/2\"\" valve\"."};

    return sheet_refuse(state->fault, state->err, &flaw, state->quote,
                        "The quote (\") that opens in line %" PRIu64 ", column %" PRIu64
                        " is not closed.",
                        state->quote.line, state->quote.column);
}

/* A quote in the middle of a quoted cell may be a part of the text, or begin the next cell because
 * the quote that ends this one is missing. When the cell goes over lines as well, going on would
 * swallow rows. */
static bool check_open_cell(struct csv_state *state)
{
    bool spans_lines = state->quote.line > 0 && state->quote.column == state->cell_count + 1;

    return !state->has_stray_quote || !spans_lines || refuse_open_quote(state);
}

/* libcsv is strict, so that it stops behind a stray quote; that one byte is parsed leniently. */
static bool parse(struct csv_state *state, struct str text)
{
    struct csv_parser *parser = &state->parser;

    while (text.n > 0) {
        size_t n = csv_parse(parser, text.p, text.n, take_cell, end_row, state);

        if (n < text.n) {
            if (csv_error(parser) != CSV_EPARSE) {
                return err_set(state->err, ERR_INTERNAL, "libcsv: %s",
                               csv_strerror(csv_error(parser)));
            }
            state->has_stray_quote = parser->quoted;
            csv_set_opts(parser, LENIENT);
            n += csv_parse(parser, text.p + n, 1, take_cell, end_row, state);
            csv_set_opts(parser, STRICT);
        }
        if (state->is_refused || !check_open_cell(state)) {
            return false;
        }
        text = (struct str){text.p + n, text.n - n};
    }
    return true;
}

/* No more of a row than its limit, so that memory is bounded and the refusal does not depend on how
 * the file was read. */
static bool parse_within_limit(struct csv_state *state, struct str text)
{
    size_t left = state->sheet->options.limits.row_bytes - state->row_bytes;
    bool is_too_long = text.n > left;

    if (!parse(state, (struct str){text.p, is_too_long ? left : text.n})) {
        return false;
    }
    state->row_bytes += text.n;
    if (is_too_long && state->quote.line > 0) {
        return refuse_open_quote(state);
    }
    return sheet_check_row(state->sheet, state->row_bytes, state->row_line, state->fault,
                           state->err);
}

static bool check_text(const struct csv_state *state)
{
    static const struct sheet_flaw nul = {
        "CSV_BINARY_DATA", "The file is damaged or no text file. Export it again as CSV."};
    static const struct sheet_flaw malformed = {
        "CSV_INVALID_ENCODING",
        "Save the file again as \"CSV UTF-8\"; texts of different encodings may have been "
        "joined in it."};
    struct sheet_place place = {.line = state->line};

    switch (state->text.decoder.flaw) {
    case DECODE_NUL:
        return sheet_refuse(state->fault, state->err, &nul, place,
                            "Line %" PRIu64 " holds a zero byte, which no text has.", place.line);
    case DECODE_MALFORMED:
        return sheet_refuse(state->fault, state->err, &malformed, place,
                            "Line %" PRIu64 " holds bytes that are not %s, the encoding of the "
                            "file up to there.",
                            place.line, encoding_name(state->text.decoder.encoding));
    default:
        return true;
    }
}

/* The last line may lack its line break. */
static bool end_last_line(struct csv_state *state)
{
    if (!parse(state, STR("\n"))) {
        return false;
    }
    if (!state->is_row_complete) {
        note_open_quote(state);
        return refuse_open_quote(state);
    }
    return true;
}

/* Up to the end of a row; *end if the text has ended before it began. */
static bool read_row(struct csv_state *state, bool *end)
{
    *end = false;
    while (!state->is_row_complete) {
        struct str piece;
        bool ends_line;

        if (!csv_text_next(&state->text, &piece, &ends_line, state->err)) {
            return false;
        }
        if (piece.n == 0) {
            *end = state->row_bytes == 0;
            return check_text(state) && (*end || end_last_line(state));
        }
        if (!parse_within_limit(state, piece)) {
            return false;
        }
        if (ends_line && !state->is_row_complete) {
            note_open_quote(state);
            if (!check_open_cell(state)) {
                return false;
            }
        }
        state->line += ends_line;
    }
    return true;
}

static bool next_csv(struct sheet *sheet, struct sheet_row *row, bool *end,
                     struct sheet_fault *fault, struct err *err)
{
    struct csv_state *state = sheet->state;
    const char *p;

    begin_row(state, fault, err);
    if (!read_row(state, end)) {
        return false;
    }
    p = state->cell_bytes.data;
    for (size_t i = 0; i < state->cell_count; i++) {
        state->cells[i].text.p = p;
        p += state->cells[i].text.n;
    }
    *row = (struct sheet_row){++state->number, state->row_line, state->cells, state->cell_count};
    sheet->dialect.encoding = encoding_name(state->text.decoder.encoding);
    return true;
}

static void init_parser(struct csv_state *state, char delimiter)
{
    csv_init(&state->parser, STRICT);
    csv_set_delim(&state->parser, (unsigned char)delimiter);
    csv_set_realloc_func(&state->parser, mem_realloc);
    csv_set_free_func(&state->parser, mem_free);
    csv_set_blk_size(&state->parser, CELL_GROWTH_BYTES);
}

static bool prepare_csv(struct sheet *sheet, struct err *err)
{
    struct csv_state *state = mem_calloc(1, sizeof(*state));

    (void)err;
    sheet->state = state;
    state->sheet = sheet;
    state->line = 1;
    csv_text_init(&state->text, sheet->options.fd, sheet->options.read_bytes);
    return true;
}

static bool open_csv(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    struct csv_state *state = sheet->state;
    AUTO(buf) struct buf sample = {0};
    struct str text;
    size_t skipped;
    bool ends_line;

    (void)fault;
    if (!csv_text_probe(&state->text, &sample, &sheet->dialect.has_bom, err)) {
        return false;
    }
    text = (struct str){sample.data, sample.len};
    sheet->dialect.delimiter = delimiter_of(text);
    skipped = delimiter_line(text, &sheet->dialect.delimiter);
    init_parser(state, sheet->dialect.delimiter);
    for (; skipped > 0; skipped -= text.n) {
        if (!csv_text_next(&state->text, &text, &ends_line, err)) {
            return false;
        }
        state->line += ends_line;
    }
    return true;
}

static void close_csv(struct sheet *sheet)
{
    struct csv_state *state = sheet->state;

    csv_free(&state->parser);
    csv_text_done(&state->text);
    mem_free(state->cells);
    buf_done(&state->cell_bytes);
    mem_free(state);
}

const struct sheet_reader csv_reader = {prepare_csv, open_csv, next_csv, close_csv};
