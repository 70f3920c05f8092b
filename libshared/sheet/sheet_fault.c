#include "sheet/sheet_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

bool sheet_refuse(struct sheet_fault *fault, struct err *err, const struct sheet_flaw *flaw,
                  struct sheet_place place, const char *fmt, ...)
{
    va_list args;

    *fault = (struct sheet_fault){.line = place.line, .column = place.column};
    snprintf(fault->code, sizeof(fault->code), "%s", flaw->code);
    va_start(args, fmt);
    vsnprintf(fault->message, sizeof(fault->message), fmt, args);
    va_end(args);
    snprintf(fault->hint, sizeof(fault->hint), "%s", flaw->hint);
    return err_set(err, ERR_INVALID, "%s: %s", fault->code, fault->message);
}

bool sheet_refuse_content(const struct sheet *sheet, enum sheet_content content,
                          struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {
        "FILE_CONTENT_MISMATCH",
        "Name the file by what it is, or open it in a spreadsheet program and save it as CSV or "
        "as .xlsx."};

    return sheet_refuse(fault, err, &flaw, (struct sheet_place){0},
                        "The file is named .%s, but its content is %s.",
                        sheet_format_name(sheet->options.format), sheet_content_name(content));
}

bool sheet_check_columns(const struct sheet *sheet, size_t columns, uint64_t line,
                         struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {
        "FILE_TOO_MANY_COLUMNS",
        "Remove the columns that are not imported, or split the table into several files."};
    size_t limit = sheet->options.limits.columns;

    return columns <= limit ||
           sheet_refuse(fault, err, &flaw, (struct sheet_place){line, limit + 1},
                        "Line %" PRIu64 " has more than %zu columns.", line, limit);
}

bool sheet_check_cell(const struct sheet *sheet, size_t bytes, struct sheet_place place,
                      struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {
        "FILE_CELL_TOO_LONG",
        "Shorten the text of this cell. If it should be short, look for a missing quote (\") or "
        "a missing line break before it."};
    size_t limit = sheet->options.limits.cell_bytes;

    return bytes <= limit || sheet_refuse(fault, err, &flaw, place,
                                          "The cell in line %" PRIu64 ", column %" PRIu64
                                          " is longer than %zu bytes.",
                                          place.line, place.column, limit);
}

bool sheet_check_row(const struct sheet *sheet, size_t bytes, uint64_t line,
                     struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {
        "FILE_ROW_TOO_LONG",
        "Check that the file has one row per line. If it has, shorten the texts of this row."};
    size_t limit = sheet->options.limits.row_bytes;

    return bytes <= limit ||
           sheet_refuse(fault, err, &flaw, (struct sheet_place){.line = line},
                        "The row that starts in line %" PRIu64 " is longer than %zu bytes.", line,
                        limit);
}
