#include "sheet/file_map.h"
#include "sheet/ole2.h"
#include "sheet/xlsx_book.h"
#include "sheet/xlsx_cell.h"
#include "sheet/xlsx_text.h"
#include "sheet/xlsx_xml.h"

#include <stdlib.h>

/* Where in <worksheet><sheetData><row><c><v> the reader is. Each place is one deeper than the one
 * before it, and IN_INLINE as deep as IN_VALUE. */
enum place { NOWHERE, IN_SHEET, IN_DATA, IN_ROW, IN_CELL, IN_VALUE, IN_INLINE };

enum { EXCEL_ROWS = 1048576, EXCEL_COLUMNS = 16384 };

struct xlsx_reader {
    struct str file;
    struct xlsx_package *package;
    struct xlsx_context context;
    struct xlsx_xml *xml;
    enum place place;
    unsigned skipped_depth; /* of elements that say nothing about cells */
    unsigned inline_depth;  /* below <is> */
    struct xlsx_cell cell;
    struct xlsx_text text;
    struct row_cells cells;
    uint64_t line;
};

static bool refuse_rows(struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw flaw = {"XLSX_TOO_MANY_ROWS",
                                           "Split the table into several files."};

    return sheet_refuse(fault, err, &flaw, (struct sheet_place){.line = EXCEL_ROWS},
                        "The sheet has more than %d rows.", EXCEL_ROWS);
}

static bool start_row(struct xlsx_reader *reader, const char **attributes,
                      struct sheet_fault *fault, struct err *err)
{
    const char *number = xlsx_attribute(attributes, "r");
    uint64_t line = number ? strtoull(number, NULL, 10) : reader->line + 1;

    if (line <= reader->line) {
        return xlsx_damaged(fault, err, reader->context.part, "has rows that are out of order");
    }
    if (line > EXCEL_ROWS) {
        return refuse_rows(fault, err);
    }
    reader->line = line;
    reader->cell.place = (struct sheet_place){.line = line};
    row_cells_begin(&reader->cells);
    return true;
}

/* The column of a reference like "AB12", from 1; 0 if it is none. */
static uint64_t column_of(const char *reference)
{
    uint64_t column = 0;

    for (; *reference >= 'A' && *reference <= 'Z' && column <= EXCEL_COLUMNS; reference++) {
        column = column * 26 + (uint64_t)(*reference - 'A') + 1;
    }
    return column;
}

static bool start_cell(struct xlsx_reader *reader, const char **attributes,
                       struct sheet_fault *fault, struct err *err)
{
    const char *reference = xlsx_attribute(attributes, "r");
    const char *style = xlsx_attribute(attributes, "s");
    const char *type = xlsx_attribute(attributes, "t");
    struct xlsx_cell *cell = &reader->cell;

    cell->place.column = reference ? column_of(reference) : cell->place.column + 1;
    cell->style = style ? (uint32_t)strtoul(style, NULL, 10) : 0;
    cell->kind = xlsx_cell_kind_of(type ? type : "n");
    xlsx_text_begin(&reader->text);
    return (cell->place.column > 0 && cell->place.column <= EXCEL_COLUMNS) ||
           xlsx_damaged(fault, err, reader->context.part, "has a cell that is outside of a sheet");
}

/* Where an element leads to; NOWHERE if it says nothing about cells. */
static enum place place_in(enum place place, const char *name)
{
    static const struct {
        enum place from;
        const char *name;
        enum place to;
    } ways[] = {
        {IN_CELL, "v", IN_VALUE},         {IN_ROW, "c", IN_CELL},     {IN_DATA, "row", IN_ROW},
        {IN_SHEET, "sheetData", IN_DATA}, {IN_CELL, "is", IN_INLINE},
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (ways[i].from == place && strcmp(ways[i].name, name) == 0) {
            return ways[i].to;
        }
    }
    return NOWHERE;
}

static bool enter(struct xlsx_reader *reader, enum place place, const char **attributes,
                  struct sheet_fault *fault, struct err *err)
{
    reader->place = place;
    reader->text.is_open = place == IN_VALUE;
    switch (place) {
    case NOWHERE:
        return xlsx_damaged(fault, err, reader->context.part, "is no worksheet");
    case IN_ROW:
        return start_row(reader, attributes, fault, err);
    case IN_CELL:
        return start_cell(reader, attributes, fault, err);
    default:
        return true;
    }
}

static bool on_start(void *ctx, const char *name, const char **attributes,
                     struct sheet_fault *fault, struct err *err)
{
    struct xlsx_reader *reader = ctx;
    enum place next = place_in(reader->place, name);

    if (reader->place == NOWHERE) {
        next = strcmp(name, "worksheet") == 0 ? IN_SHEET : NOWHERE;
        return enter(reader, next, attributes, fault, err);
    }
    if (reader->place == IN_INLINE) {
        reader->inline_depth++;
        xlsx_text_start(&reader->text, name);
        return true;
    }
    if (reader->skipped_depth > 0 || next == NOWHERE) {
        reader->skipped_depth++;
        return true;
    }
    return enter(reader, next, attributes, fault, err);
}

static bool end_cell(struct xlsx_reader *reader, struct sheet_fault *fault, struct err *err)
{
    reader->cell.text = xlsx_text_take(&reader->text);
    return xlsx_cell_put(&reader->context, &reader->cell, &reader->cells, fault, err);
}

static bool on_end(void *ctx, const char *name, struct sheet_fault *fault, struct err *err)
{
    struct xlsx_reader *reader = ctx;

    if (reader->skipped_depth > 0) {
        reader->skipped_depth--;
        return true;
    }
    if (reader->inline_depth > 0) {
        reader->inline_depth--;
        xlsx_text_end(&reader->text, name);
        return true;
    }
    enum place left = reader->place;

    reader->place = left == IN_INLINE ? IN_CELL : left - 1;
    switch (left) {
    case IN_VALUE:
        reader->text.is_open = false;
        return true;
    case IN_CELL:
        return end_cell(reader, fault, err);
    case IN_ROW:
        if (reader->cells.count > 0) {
            xlsx_xml_pause(reader->xml);
        }
        return true;
    default:
        return true;
    }
}

static bool on_text(void *ctx, struct str text, struct sheet_fault *fault, struct err *err)
{
    struct xlsx_reader *reader = ctx;

    (void)fault;
    (void)err;
    xlsx_text_add(&reader->text, text);
    return true;
}

/* An XLSX with a password is no ZIP archive, but an OLE2 file around one. */
static bool check_is_archive(const struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    const struct xlsx_reader *reader = sheet->state;

    if (reader->file.n >= 2 && memcmp(reader->file.p, "PK", 2) == 0) {
        return true;
    }
    return ole2_kind_of(sheet->options.fd) == OLE2_ENCRYPTED_PACKAGE
               ? xlsx_refuse_encrypted(fault, err)
               : sheet_refuse_content(sheet, SHEET_CONTENT_OLE2, fault, err);
}

static bool open_parts(struct xlsx_reader *reader, struct sheet *sheet, struct sheet_fault *fault,
                       struct err *err)
{
    static const struct xlsx_events events = {on_start, on_end, on_text};
    struct xlsx_package *package = reader->package;
    struct xlsx_context *context = &reader->context;
    struct xlsx_book book;

    if (!xlsx_book_read(package, sheet->arena, &book, fault, err) ||
        (book.strings &&
         !xlsx_strings_read(package, book.strings, sheet, &context->strings, fault, err)) ||
        (book.styles &&
         !xlsx_styles_read(package, book.styles, sheet->arena, &context->styles, fault, err))) {
        return false;
    }
    context->sheet = sheet;
    context->part = book.sheet;
    context->is_1904 = book.is_1904;
    reader->text.limit = sheet->options.limits.cell_bytes;
    return xlsx_xml_open(package, book.sheet, &events, reader, &reader->xml, fault, err);
}

static bool xlsx_prepare(struct sheet *sheet, struct err *err)
{
    struct xlsx_reader *reader = mem_calloc(1, sizeof(*reader));

    sheet->state = reader;
    return file_map(sheet->options.fd, &reader->file, err);
}

static bool xlsx_open(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    struct xlsx_reader *reader = sheet->state;

    return check_is_archive(sheet, fault, err) &&
           xlsx_package_open(reader->file, &sheet->options.limits, &reader->package, fault, err) &&
           open_parts(reader, sheet, fault, err);
}

static bool xlsx_next(struct sheet *sheet, struct sheet_row *row, bool *end,
                      struct sheet_fault *fault, struct err *err)
{
    struct xlsx_reader *reader = sheet->state;

    if (!xlsx_xml_read(reader->xml, end, fault, err)) {
        return false;
    }
    *row = (struct sheet_row){
        .number = reader->line,
        .line = reader->line,
        .cells = row_cells_end(&reader->cells),
        .count = reader->cells.count,
    };
    return true;
}

static void xlsx_close(struct sheet *sheet)
{
    struct xlsx_reader *reader = sheet->state;

    xlsx_xml_close(reader->xml);
    xlsx_strings_free(reader->context.strings);
    xlsx_package_close(reader->package);
    file_unmap(reader->file);
    xlsx_text_done(&reader->text);
    row_cells_done(&reader->cells);
    mem_free(reader);
}

const struct sheet_reader xlsx_reader = {xlsx_prepare, xlsx_open, xlsx_next, xlsx_close};
