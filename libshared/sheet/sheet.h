#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Tables out of files: CSV, XLSX and XLS behind one reader that goes row by row in bounded memory.
 * The same bytes give the same rows, always. The only library that includes libcsv, libzip, expat
 * and libxlsxwriter. A file is parsed by a process of its own: consign-sheet-reader, which stands
 * beside the program that calls. It ends with the thread that opened the sheet.
 */

enum sheet_format { SHEET_CSV, SHEET_XLSX, SHEET_XLS };

/* "csv", "xlsx", "xls". */
const char *sheet_format_name(enum sheet_format format);

/* By the file's name extension, in any case; false for any other. */
bool sheet_format_of_name(const char *file_name, enum sheet_format *out);

enum sheet_type { SHEET_EMPTY, SHEET_TEXT, SHEET_NUMBER, SHEET_BOOLEAN, SHEET_DATE };

/* `text` is what a person sees, in UTF-8: a number in its shortest exact form, or as it is shown
 * when its cell is formatted as text; "true" or "false"; a date as ISO 8601. Empty when
 * SHEET_EMPTY. All cells of a CSV file are SHEET_TEXT or SHEET_EMPTY. */
struct sheet_cell {
    enum sheet_type type;
    struct str text;
};

/*
 * Valid until the next call on its sheet. Rows without any content, and rows that repeat the header
 * (files that were joined), are skipped, but counted.
 */
struct sheet_row {
    uint64_t number; /* 1-based row of data: the header is not counted */
    uint64_t line;   /* 1-based line of the file in which it starts, for messages */
    const struct sheet_cell *cells;
    size_t count; /* without empty cells at its end; may be fewer or more than the header has */
};

/* Why a file cannot be read, for its owner. */
struct sheet_fault {
    char code[40];   /* "FILE_..." in any format, "CSV_...", "XLSX_...", "XLS_..." */
    uint64_t line;   /* 0: no place to name */
    uint64_t column; /* 1-based, of cells */
    char message[256];
    char hint[256];
};

struct sheet_limits {
    uint64_t rows; /* of data */
    size_t columns;
    size_t cell_bytes;
    size_t row_bytes;
    uint64_t unpacked_bytes; /* XLSX: of all parts that are read, together */
};

struct sheet_options {
    int fd; /* seekable, borrowed, read from its start */
    enum sheet_format format;
    struct sheet_limits limits;
    size_t read_bytes; /* asked from the system at once; 0: 64 KB. Changes nothing in the rows */
};

struct sheet;

/*
 * Opens the table and reads its header row: the first row with content. ERR_INVALID: the file is
 * not what its format says or breaks a limit, and `fault` tells its owner; ERR_UNAVAILABLE,
 * ERR_INTERNAL: the machine's trouble.
 */
bool sheet_open(const struct sheet_options *options, struct sheet **out, struct sheet_fault *fault,
                struct err *err) MUST_USE;
void sheet_close(struct sheet *sheet); /* NULL is allowed */
static inline void auto_free_sheet(struct sheet **sheet)
{
    sheet_close(*sheet);
}

/* The header row, each name trimmed; no name comes twice, some may be empty. Valid as long as the
 * sheet. */
const struct sheet_row *sheet_header(const struct sheet *sheet);

/* What was found out about a CSV file and is worth telling. The first character outside of ASCII
 * decides between UTF-8 and Windows-1252, so `encoding` is certain only at the end. */
struct sheet_dialect {
    const char *encoding; /* "utf-8", "utf-16le", "utf-16be", "windows-1252"; NULL: not CSV */
    char delimiter;       /* 0: not CSV */
    bool has_bom;
};
const struct sheet_dialect *sheet_dialect(const struct sheet *sheet);

/* The next row, or *end. Errors as for sheet_open. */
bool sheet_next(struct sheet *sheet, struct sheet_row *row, bool *end, struct sheet_fault *fault,
                struct err *err) MUST_USE;

/*
 * Whether every cell of the row with content stands under a column of the header. If not, `fault`
 * says where: a preview refuses the file for it, an import this row.
 */
bool sheet_row_fits(const struct sheet *sheet, const struct sheet_row *row,
                    struct sheet_fault *fault) MUST_USE;
