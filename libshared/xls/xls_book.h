#pragma once

#include "xls/xls_cells.h"

/* A workbook of Excel 5 to 2003, cell by cell. Whatever the file holds, memory is bounded by a few
 * times its size. */
struct xls_book;

/* Opens the first visible sheet of a file, which is borrowed. */
enum xls_refusal xls_book_open(struct str file, struct xls_book **out);
void xls_book_close(struct xls_book *book); /* NULL is allowed */

/* What the workbook says before its sheets; valid as long as the book. */
const struct xls_globals *xls_book_globals(const struct xls_book *book);

/* The row, from 0, of the cell that comes next; false when there is no more. Cells come by rows and
 * columns; of two on one place the later one comes later. */
bool xls_book_next_row(const struct xls_book *book, uint16_t *row);

/* Reads that cell, which must be there. Its text is valid until the next call. */
enum xls_refusal xls_book_next(struct xls_book *book, struct xls_cell *out);
