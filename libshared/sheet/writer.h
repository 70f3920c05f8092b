#pragma once

#include "sheet/sheet.h"

/*
 * Tables into files, row by row in bounded memory. What is written can be opened by people: a text
 * that a spreadsheet would take for a formula is kept a text.
 */

struct sheet_writer_options {
    int fd;                   /* empty, seekable, borrowed */
    enum sheet_format format; /* SHEET_CSV or SHEET_XLSX */
    const char *title;        /* of the XLSX sheet; at most 31 characters */
};

struct sheet_writer;

/* ERR_INVALID: the format cannot be written. ERR_UNAVAILABLE, ERR_INTERNAL, also of the calls
 * below: the machine's trouble, as a full disk; the file is of no use then. */
bool sheet_writer_open(const struct sheet_writer_options *options, struct sheet_writer **out,
                       struct err *err) MUST_USE;
void sheet_writer_close(struct sheet_writer *writer); /* NULL is allowed */
DEFINE_AUTO(sheet_writer, struct sheet_writer, sheet_writer_close)

/* The first row: the names of the columns. */
bool sheet_write_header(struct sheet_writer *writer, const struct str *names, size_t count,
                        struct err *err) MUST_USE;

/* `is_failed`, or NULL for none, says for each cell whether XLSX shows it in red. */
bool sheet_write_row(struct sheet_writer *writer, const struct sheet_cell *cells,
                     const bool *is_failed, size_t count, struct err *err) MUST_USE;

/* Afterwards all is in the file; only sheet_writer_close may follow. */
bool sheet_writer_finish(struct sheet_writer *writer, struct err *err) MUST_USE;
