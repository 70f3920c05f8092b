#include "sheet/sheet_internal.h"

#include "base/strmap.h"
#include "base/temp.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const char *const format_names[] = {
    [SHEET_CSV] = "csv", [SHEET_XLSX] = "xlsx", [SHEET_XLS] = "xls"};
enum { FORMATS = sizeof(format_names) / sizeof(*format_names) };

const char *sheet_format_name(enum sheet_format format)
{
    return format_names[format];
}

bool sheet_format_of_name(const char *file_name, enum sheet_format *out)
{
    const char *dot = strrchr(file_name, '.');

    for (size_t i = 0; dot && i < FORMATS; i++) {
        if (strcasecmp(dot + 1, format_names[i]) == 0) {
            *out = (enum sheet_format)i;
            return true;
        }
    }
    return false;
}

static struct str trimmed(struct str text)
{
    while (text.n > 0 && memchr(" \t\r\n", text.p[0], 4)) {
        text = (struct str){text.p + 1, text.n - 1};
    }
    while (text.n > 0 && memchr(" \t\r\n", text.p[text.n - 1], 4)) {
        text.n--;
    }
    return text;
}

bool sheet_cell_is_blank(const struct sheet_cell *cell)
{
    return cell->type == SHEET_EMPTY || trimmed(cell->text).n == 0;
}

static size_t count_without_blank_end(const struct sheet_row *row)
{
    size_t count = row->count;

    while (count > 0 && sheet_cell_is_blank(&row->cells[count - 1])) {
        count--;
    }
    return count;
}

static bool read_row_with_content(struct sheet *sheet, struct sheet_row *row, bool *end,
                                  struct sheet_fault *fault, struct err *err)
{
    do {
        if (!sheet->reader->next(sheet, row, end, fault, err)) {
            return false;
        }
    } while (!*end && (row->count = count_without_blank_end(row)) == 0);
    return true;
}

static void keep_header(struct sheet *sheet, const struct sheet_row *row)
{
    struct sheet_cell *cells = arena_calloc(sheet->arena, row->count, sizeof(*cells));

    for (size_t i = 0; i < row->count; i++) {
        struct str name = trimmed(row->cells[i].text);

        cells[i].type = name.n > 0 ? SHEET_TEXT : SHEET_EMPTY;
        cells[i].text = (struct str){arena_strndup(sheet->arena, name.p, name.n), name.n};
    }
    sheet->header = *row;
    sheet->header.cells = cells;
}

static bool is_number(struct str text)
{
    size_t digits = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= '0' && text.p[i] <= '9') {
            digits++;
        } else if (!memchr("+-.,", text.p[i], 4)) {
            return false;
        }
    }
    return digits > 0;
}

static bool check_header_has_names(const struct sheet *sheet, struct sheet_fault *fault,
                                   struct err *err)
{
    static const struct sheet_flaw flaw = {
        "FILE_NO_HEADER", "Put a row with the names of the columns above the first row of data."};
    const struct sheet_row *header = &sheet->header;

    for (size_t i = 0; i < header->count; i++) {
        if (header->cells[i].text.n > 0 && !is_number(header->cells[i].text)) {
            return true;
        }
    }
    return sheet_refuse(fault, err, &flaw, (struct sheet_place){.line = header->line},
                        "The first row holds only numbers, so it is data and not the names of "
                        "the columns.");
}

static bool check_header_names_differ(const struct sheet *sheet, struct sheet_fault *fault,
                                      struct err *err)
{
    static const struct sheet_flaw flaw = {
        "FILE_DUPLICATE_COLUMN", "Give each column a name of its own, or remove one of the two."};
    const struct sheet_row *header = &sheet->header;
    AUTO(arena) struct arena *arena = arena_new();
    struct strmap *seen = strmap_new(arena);

    for (size_t i = 0; i < header->count; i++) {
        const struct sheet_cell *cell = &header->cells[i];
        const struct sheet_cell *first = strmap_get(seen, cell->text.p);

        if (first && cell->text.n > 0) {
            return sheet_refuse(fault, err, &flaw, (struct sheet_place){header->line, i + 1},
                                "Columns %zu and %zu are both named \"%.60s\".",
                                (size_t)(first - header->cells) + 1, i + 1, cell->text.p);
        }
        strmap_put(seen, cell->text.p, (void *)cell);
    }
    return true;
}

static bool read_header(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw empty = {
        "FILE_EMPTY", "Check that the table stands in the first sheet and has a header row."};
    struct sheet_row row;
    bool end;

    if (!read_row_with_content(sheet, &row, &end, fault, err)) {
        return false;
    }
    if (end) {
        return sheet_refuse(fault, err, &empty, (struct sheet_place){0},
                            "The file has no row with content.");
    }
    keep_header(sheet, &row);
    return check_header_has_names(sheet, fault, err) &&
           check_header_names_differ(sheet, fault, err);
}

DEFINE_AUTO(unopened_sheet, struct sheet, sheet_close)

bool sheet_open_with(const struct sheet_reader *reader, const struct sheet_options *options,
                     struct sheet **out, struct sheet_fault *fault, struct err *err)
{
    AUTO(unopened_sheet) struct sheet *sheet = mem_calloc(1, sizeof(*sheet));

    sheet->options = *options;
    sheet->reader = reader;
    sheet->scratch_fd = -1;
    sheet->arena = arena_new();
    if ((options->format == SHEET_XLSX && !temp_open(&sheet->scratch_fd, err)) ||
        !reader->prepare(sheet, err) || !reader->open(sheet, fault, err) ||
        !read_header(sheet, fault, err)) {
        return false;
    }
    *out = STEAL(sheet);
    return true;
}

bool sheet_open(const struct sheet_options *options, struct sheet **out, struct sheet_fault *fault,
                struct err *err)
{
    return sheet_open_with(&process_reader, options, out, fault, err);
}

void sheet_close(struct sheet *sheet)
{
    if (sheet) {
        if (sheet->state) {
            sheet->reader->close(sheet);
        }
        auto_free_fd(&sheet->scratch_fd);
        arena_free(sheet->arena);
        mem_free(sheet);
    }
}

const struct sheet_row *sheet_header(const struct sheet *sheet)
{
    return &sheet->header;
}

const struct sheet_dialect *sheet_dialect(const struct sheet *sheet)
{
    return &sheet->dialect;
}

static bool repeats_header(const struct sheet *sheet, const struct sheet_row *row)
{
    if (row->count != sheet->header.count) {
        return false;
    }
    for (size_t i = 0; i < row->count; i++) {
        if (!str_eq(trimmed(row->cells[i].text), sheet->header.cells[i].text)) {
            return false;
        }
    }
    return true;
}

bool sheet_next(struct sheet *sheet, struct sheet_row *row, bool *end, struct sheet_fault *fault,
                struct err *err)
{
    static const struct sheet_flaw too_many = {"FILE_TOO_MANY_ROWS",
                                               "Split the table into several files."};
    uint64_t limit = sheet->options.limits.rows;

    do {
        if (!read_row_with_content(sheet, row, end, fault, err)) {
            return false;
        }
    } while (!*end && repeats_header(sheet, row));
    if (*end) {
        return true;
    }
    row->number -= sheet->header.number;
    return sheet->rows++ < limit ||
           sheet_refuse(fault, err, &too_many, (struct sheet_place){.line = row->line},
                        "The file has more than %" PRIu64 " rows of data.", limit);
}

bool sheet_row_fits(const struct sheet *sheet, const struct sheet_row *row,
                    struct sheet_fault *fault)
{
    static const struct sheet_flaw in_csv = {
        "CSV_INCONSISTENT_RECORD_LENGTH",
        "Put texts that contain the separator in quotes (\"), double the quotes inside of them, "
        "or send the table as an Excel file."};
    static const struct sheet_flaw in_workbook = {
        "FILE_CELL_WITHOUT_COLUMN",
        "Give the column a name in the header, or clear its cells if they are only notes."};
    size_t columns = sheet->header.count;
    struct err ignored;

    return row->count <= columns ||
           sheet_refuse(fault, &ignored,
                        sheet->options.format == SHEET_CSV ? &in_csv : &in_workbook,
                        (struct sheet_place){row->line, columns + 1},
                        "Line %" PRIu64 " has %zu columns, the header has %zu.", row->line,
                        row->count, columns);
}
