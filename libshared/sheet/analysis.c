#include "sheet/analysis.h"

#include "sheet/sheet_internal.h"

#include <strings.h>

enum { SAFE_DIGITS = 15 };

const char *sheet_type_name(enum sheet_type type)
{
    static const char *const names[] = {
        [SHEET_EMPTY] = "empty",     [SHEET_TEXT] = "string", [SHEET_NUMBER] = "number",
        [SHEET_BOOLEAN] = "boolean", [SHEET_DATE] = "date",
    };

    return names[type];
}

static size_t digits_at(struct str text, size_t i)
{
    size_t n = 0;

    while (i + n < text.n && text.p[i + n] >= '0' && text.p[i + n] <= '9') {
        n++;
    }
    return n;
}

static bool is_number(struct str text)
{
    size_t i = text.n > 0 && text.p[0] == '-';
    size_t whole = digits_at(text, i);
    size_t fraction = 0;

    if (whole == 0 || (whole > 1 && text.p[i] == '0')) {
        return false;
    }
    i += whole;
    if (i < text.n && text.p[i] == '.') {
        fraction = digits_at(text, i + 1);
        i += fraction > 0 ? fraction + 1 : 0;
    }
    return i == text.n && whole + fraction <= SAFE_DIGITS;
}

/* YYYY-MM-DD, alone or with a time behind it. */
static bool is_date(struct str text)
{
    static const char form[] = "dddd-dd-dd";

    if (text.n < 10 || (text.n > 10 && text.p[10] != 'T' && text.p[10] != ' ')) {
        return false;
    }
    for (size_t i = 0; i < 10; i++) {
        if (form[i] == 'd' ? text.p[i] < '0' || text.p[i] > '9' : text.p[i] != '-') {
            return false;
        }
    }
    return text.n == 10 || digits_at(text, 11) == 2;
}

enum sheet_type sheet_type_of(struct str text)
{
    if (text.n == 0) {
        return SHEET_EMPTY;
    }
    if ((text.n == 4 && strncasecmp(text.p, "true", 4) == 0) ||
        (text.n == 5 && strncasecmp(text.p, "false", 5) == 0)) {
        return SHEET_BOOLEAN;
    }
    return is_number(text) ? SHEET_NUMBER : is_date(text) ? SHEET_DATE : SHEET_TEXT;
}

static bool is_blank_at(const struct sheet_row *row, size_t column)
{
    return column >= row->count || sheet_cell_is_blank(&row->cells[column]);
}

/* Whether one of the rows before has the same value. The rows are few. */
static bool came_before(const struct sheet_row *rows, size_t row, size_t column)
{
    for (size_t i = 0; i < row; i++) {
        if (!is_blank_at(&rows[i], column) &&
            str_eq(rows[i].cells[column].text, rows[row].cells[column].text)) {
            return true;
        }
    }
    return false;
}

static enum sheet_type common_type(enum sheet_type known, const struct sheet_cell *cell)
{
    enum sheet_type type = cell->type == SHEET_TEXT ? sheet_type_of(cell->text) : cell->type;

    return known == SHEET_EMPTY || known == type ? type : SHEET_TEXT;
}

static void analyze_column(struct sheet_column *column, size_t index, const struct sheet_row *rows,
                           size_t row_count)
{
    for (size_t i = 0; i < row_count; i++) {
        if (is_blank_at(&rows[i], index)) {
            column->empty_count++;
            continue;
        }
        column->total_values++;
        column->type = common_type(column->type, &rows[i].cells[index]);
        if (came_before(rows, i, index)) {
            continue;
        }
        column->unique_count++;
        if (column->sample_count < SHEET_SAMPLE_VALUES) {
            column->samples[column->sample_count++] = rows[i].cells[index].text;
        }
    }
}

/* One column per name of the header. Texts are borrowed from `header` and `rows`. */
static const struct sheet_column *analyze(struct arena *arena, const struct sheet_row *header,
                                          const struct sheet_row *rows, size_t row_count)
{
    struct sheet_column *columns = arena_calloc(arena, header->count, sizeof(*columns));

    for (size_t i = 0; i < header->count; i++) {
        columns[i].name = header->cells[i].text;
        analyze_column(&columns[i], i, rows, row_count);
    }
    return columns;
}

static struct sheet_row copy_row(struct arena *arena, const struct sheet_row *row)
{
    struct sheet_row copy = *row;
    struct sheet_cell *cells = arena_memdup(arena, row->cells, row->count * sizeof(*cells));

    for (size_t i = 0; i < row->count; i++) {
        cells[i].text.p = arena_strndup(arena, cells[i].text.p, cells[i].text.n);
    }
    copy.cells = cells;
    return copy;
}

bool sheet_read_preview(struct sheet *sheet, size_t rows, struct arena *arena,
                        struct sheet_preview *out, struct sheet_fault *fault, struct err *err)
{
    struct sheet_row *kept = arena_calloc(arena, rows, sizeof(*kept));
    struct sheet_row header = copy_row(arena, sheet_header(sheet));
    size_t count = 0;
    bool end = false;

    while (count < rows) {
        struct sheet_row row;

        if (!sheet_next(sheet, &row, &end, fault, err)) {
            return false;
        }
        if (end) {
            break;
        }
        if (!sheet_row_fits(sheet, &row, fault)) {
            return err_set(err, ERR_INVALID, "%s", fault->message);
        }
        kept[count++] = copy_row(arena, &row);
    }
    out->columns = analyze(arena, &header, kept, count);
    out->column_count = header.count;
    out->rows = kept;
    out->row_count = count;
    return true;
}
