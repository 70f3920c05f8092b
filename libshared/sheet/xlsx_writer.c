#include "sheet/writer_internal.h"

#include "sheet/number_text.h"

#include "base/buf.h"

#include <xlsxwriter.h>

#include <ctype.h>
#include <stdio.h>

enum {
    CELL_CHARACTERS = 32767, /* that Excel allows */
    LEAST_WIDTH = 12,
    MOST_WIDTH = 40,
    PATH_SIZE = 40,
    ESCAPE_BYTES = 7, /* "_x000D_" */
};

/* Excel's own style for what is bad. */
enum { FAILED_FONT = 0x9C0006, FAILED_BACKGROUND = 0xFFC7CE };

struct xlsx_output {
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_format *bold;
    lxw_format *failed;
    lxw_row_t row;
    struct buf text; /* of one cell */
};

static bool check(lxw_error error, struct err *err)
{
    if (error == LXW_NO_ERROR) {
        return true;
    }
    bool is_disk = error >= LXW_ERROR_CREATING_XLSX_FILE && error <= LXW_ERROR_ZIP_CLOSE;

    return err_set(err, is_disk ? ERR_UNAVAILABLE : ERR_INTERNAL, "cannot write the workbook: %s",
                   lxw_strerror(error));
}

static bool open_xlsx(struct sheet_writer *writer, struct err *err)
{
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    struct xlsx_output *output = mem_calloc(1, sizeof(*output));
    char path[PATH_SIZE];

    /* libxlsxwriter opens its file by name. */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", writer->options.fd);
    writer->state = output;
    output->workbook = workbook_new_opt(path, &options);
    if (output->workbook) {
        output->sheet = workbook_add_worksheet(output->workbook, writer->options.title);
    }
    if (!output->sheet) {
        return err_set(err, ERR_UNAVAILABLE, "cannot begin the workbook");
    }
    output->bold = workbook_add_format(output->workbook);
    format_set_bold(output->bold);
    output->failed = workbook_add_format(output->workbook);
    format_set_font_color(output->failed, FAILED_FONT);
    format_set_bg_color(output->failed, FAILED_BACKGROUND);
    return true;
}

static bool is_escape(const char *p, size_t n)
{
    return n >= ESCAPE_BYTES && memcmp(p, "_x", 2) == 0 && p[6] == '_' &&
           isxdigit((unsigned char)p[2]) && isxdigit((unsigned char)p[3]) &&
           isxdigit((unsigned char)p[4]) && isxdigit((unsigned char)p[5]);
}

/* The text as Excel keeps it: what looks like an escape escaped itself, without the two characters
 * that XML forbids and libxlsxwriter lets through, cut to what a cell holds. */
static const char *excel_text(struct buf *out, struct str text)
{
    size_t characters = 0;

    buf_clear(out);
    buf_adds(out, "");
    for (size_t i = 0; i < text.n && text.p[i] != '\0'; i++) {
        const char *p = text.p + i;
        size_t left = text.n - i;
        bool is_continuation = ((unsigned char)*p & 0xC0) == 0x80;

        if (!is_continuation && ++characters == CELL_CHARACTERS) {
            buf_adds(out, "…");
            break;
        }
        if (is_escape(p, left)) {
            buf_adds(out, "_x005F");
            characters += strlen("_x005F");
        }
        bool is_forbidden =
            left >= 3 && (memcmp(p, "\xef\xbf\xbe", 3) == 0 || memcmp(p, "\xef\xbf\xbf", 3) == 0);

        if (is_forbidden) {
            buf_adds(out, "\xef\xbf\xbd");
            i += 2;
        } else {
            buf_addc(out, *p);
        }
    }
    return out->data;
}

static bool write_text(struct xlsx_output *output, lxw_col_t column, struct str text,
                       lxw_format *format, struct err *err)
{
    const char *shown = excel_text(&output->text, text);

    return check(*shown ? worksheet_write_string(output->sheet, output->row, column, shown, format)
                        : worksheet_write_blank(output->sheet, output->row, column, format),
                 err);
}

/* As a number only if the same text comes out of it. */
static bool is_exact(struct str text, double *value)
{
    char shown[NUMBER_TEXT_SIZE];

    return number_read(text, value) && number_text(*value, shown) > 0 && str_is(text, shown);
}

static bool write_cell(struct xlsx_output *output, lxw_col_t column, const struct sheet_cell *cell,
                       lxw_format *format, struct err *err)
{
    double number;

    if (cell->type == SHEET_NUMBER && is_exact(cell->text, &number)) {
        return check(worksheet_write_number(output->sheet, output->row, column, number, format),
                     err);
    }
    if (cell->type == SHEET_BOOLEAN) {
        return check(worksheet_write_boolean(output->sheet, output->row, column,
                                             str_is(cell->text, "true"), format),
                     err);
    }
    return write_text(output, column, cell->text, format, err);
}

static bool write_header(struct sheet_writer *writer, const struct str *names, size_t count,
                         struct err *err)
{
    struct xlsx_output *output = writer->state;

    for (size_t i = 0; i < count; i++) {
        size_t width = names[i].n < LEAST_WIDTH  ? LEAST_WIDTH
                       : names[i].n > MOST_WIDTH ? MOST_WIDTH
                                                 : names[i].n;
        lxw_col_t column = (lxw_col_t)i;

        if (!check(worksheet_set_column(output->sheet, column, column, (double)width, NULL), err) ||
            !write_text(output, column, names[i], output->bold, err)) {
            return false;
        }
    }
    worksheet_freeze_panes(output->sheet, 1, 0);
    output->row++;
    return true;
}

static bool write_row(struct sheet_writer *writer, const struct sheet_cell *cells,
                      const bool *is_failed, size_t count, struct err *err)
{
    struct xlsx_output *output = writer->state;

    for (size_t i = 0; i < count; i++) {
        lxw_format *format = is_failed && is_failed[i] ? output->failed : NULL;

        if ((format || cells[i].type != SHEET_EMPTY) &&
            !write_cell(output, (lxw_col_t)i, &cells[i], format, err)) {
            return false;
        }
    }
    output->row++;
    return true;
}

static bool finish(struct sheet_writer *writer, struct err *err)
{
    struct xlsx_output *output = writer->state;

    return check(workbook_close(STEAL(output->workbook)), err);
}

static void close_xlsx(struct sheet_writer *writer)
{
    struct xlsx_output *output = writer->state;

    if (output) {
        lxw_workbook_free(output->workbook);
        buf_done(&output->text);
        mem_free(output);
    }
}

const struct sheet_writer_format xlsx_writer = {
    .open = open_xlsx,
    .header = write_header,
    .row = write_row,
    .finish = finish,
    .close = close_xlsx,
};
