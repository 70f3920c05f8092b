#include "sheet/xlsx_cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXACT_DIGITS = 15, SHOWN_SIZE = NUMBER_SHOWN_SIZE };

static struct str trimmed(struct str text)
{
    while (text.n > 0 && (unsigned char)text.p[0] <= ' ') {
        text = (struct str){text.p + 1, text.n - 1};
    }
    while (text.n > 0 && (unsigned char)text.p[text.n - 1] <= ' ') {
        text.n--;
    }
    return text;
}

/* Digits that already are the shortest form: most numbers of a sheet, and dear to convert. */
static bool is_short_form(struct str text)
{
    const char *point = memchr(text.p, '.', text.n);
    size_t whole = point ? (size_t)(point - text.p) : text.n;

    for (size_t i = 0; i < text.n; i++) {
        if ((text.p[i] < '0' || text.p[i] > '9') && i != whole) {
            return false;
        }
    }
    return whole > 0 && text.n <= EXACT_DIGITS && (text.p[0] != '0' || whole == 1) &&
           (!point || (whole + 1 < text.n && text.p[text.n - 1] != '0')) &&
           !(text.n > 8 && text.p[0] == '0');
}

static bool put_text(const struct xlsx_context *context, const struct xlsx_cell *cell,
                     struct row_cells *row, struct sheet_fault *fault, struct err *err)
{
    return row_cells_put(row, context->sheet, (struct sheet_cell){SHEET_TEXT, cell->text},
                         cell->place, fault, err);
}

static bool put_number(const struct xlsx_context *context, const struct xlsx_cell *cell,
                       struct row_cells *row, struct sheet_fault *fault, struct err *err)
{
    static const struct number_format plain = {.kind = NUMBER_PLAIN};
    struct number_format format =
        cell->style < context->styles.count ? context->styles.formats[cell->style] : plain;
    struct sheet_cell number = {SHEET_NUMBER, trimmed(cell->text)};
    char shown[SHOWN_SIZE];
    double value;

    if (format.kind != NUMBER_PLAIN || !is_short_form(number.text)) {
        if (!number_read(number.text, &value)) {
            return put_text(context, cell, row, fault, err);
        }
        number.type = number_format_show(format, value, context->is_1904, shown);
        number.text = str_from(shown);
    }
    return row_cells_put(row, context->sheet, number, cell->place, fault, err);
}

static bool put_shared(const struct xlsx_context *context, const struct xlsx_cell *cell,
                       struct row_cells *row, struct sheet_fault *fault, struct err *err)
{
    struct sheet_cell shared = {.type = SHEET_TEXT};
    struct str digits = trimmed(cell->text);
    double index;

    if (digits.n == 0) {
        return true;
    }
    if (!number_read(digits, &index) || index < 0 ||
        index >= (double)xlsx_strings_count(context->strings)) {
        char what[80];

        snprintf(what, sizeof(what),
                 "refers to a text that is not there (line %" PRIu64 ", column %" PRIu64 ")",
                 cell->place.line, cell->place.column);
        return xlsx_damaged(fault, err, context->part, what);
    }
    return xlsx_strings_get(context->strings, (size_t)index, &shared.text, err) &&
           row_cells_put(row, context->sheet, shared, cell->place, fault, err);
}

static bool put_boolean(const struct xlsx_context *context, const struct xlsx_cell *cell,
                        struct row_cells *row, struct sheet_fault *fault, struct err *err)
{
    struct str text = trimmed(cell->text);
    bool is_true = str_is(text, "1") || str_is(text, "true");
    struct sheet_cell boolean = {SHEET_BOOLEAN, is_true ? STR("true") : STR("false")};

    if (!is_true && !str_is(text, "0") && !str_is(text, "false")) {
        return put_text(context, cell, row, fault, err);
    }
    return row_cells_put(row, context->sheet, boolean, cell->place, fault, err);
}

/* ISO 8601 already. A midnight is a date without a time, as it is for counted days. */
static bool put_date(const struct xlsx_context *context, const struct xlsx_cell *cell,
                     struct row_cells *row, struct sheet_fault *fault, struct err *err)
{
    static const struct str midnight = STR("T00:00:00");
    struct sheet_cell date = {SHEET_DATE, trimmed(cell->text)};
    const char *time = memchr(date.text.p, 'T', date.text.n);

    if (date.text.n > 0 && date.text.p[date.text.n - 1] == 'Z') {
        date.text.n--;
    }
    size_t head = time ? (size_t)(time - date.text.p) : 0;

    if (time && date.text.n - head >= midnight.n && memcmp(time, midnight.p, midnight.n) == 0 &&
        strspn(time + midnight.n, ".0") >= date.text.n - head - midnight.n) {
        date.text.n = head;
    }
    return row_cells_put(row, context->sheet, date, cell->place, fault, err);
}

struct xlsx_cell_kind {
    const char *type;
    bool (*put)(const struct xlsx_context *context, const struct xlsx_cell *cell,
                struct row_cells *row, struct sheet_fault *fault, struct err *err);
};

const struct xlsx_cell_kind *xlsx_cell_kind_of(const char *type)
{
    static const struct xlsx_cell_kind kinds[] = {
        {"s", put_shared},  {"n", put_number}, {"str", put_text}, {"inlineStr", put_text},
        {"b", put_boolean}, {"e", put_text},   {"d", put_date},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(type, kinds[i].type) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

bool xlsx_cell_put(const struct xlsx_context *context, const struct xlsx_cell *cell,
                   struct row_cells *row, struct sheet_fault *fault, struct err *err)
{
    if (cell->text.n == 0) {
        return true;
    }
    if (!cell->kind) {
        return xlsx_damaged(fault, err, context->part, "has a cell of an unknown type");
    }
    return cell->kind->put(context, cell, row, fault, err);
}
