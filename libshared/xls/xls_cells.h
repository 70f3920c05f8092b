#pragma once

#include "xls/xls_globals.h"

/* Where a cell stands in its sheet and in the stream. */
struct xls_cell_ref {
    uint16_t row;
    uint16_t column;
    uint32_t at; /* of its record */
};

enum xls_cell_kind { XLS_CELL_TEXT, XLS_CELL_NUMBER, XLS_CELL_BOOLEAN, XLS_CELL_ERROR };

/* What stands in a cell. */
struct xls_cell {
    uint16_t row; /* from 0 */
    uint16_t column;
    enum xls_cell_kind kind;
    struct str text; /* in the workbook's own encoding */
    uint16_t style;  /* of a number */
    double number;
    uint8_t code; /* a boolean, or which error */
};

/* Lists the cells with content of the sheet that begins at `at`, by rows and columns; of two on one
 * place the later one comes later. */
enum xls_refusal xls_cells_find(struct str stream, size_t at, struct buf *refs);

/* Reads a cell. A text is borrowed from `globals` or stands in `text`. False when its record is
 * damaged. */
bool xls_cell_read(struct str stream, const struct xls_globals *globals,
                   const struct xls_cell_ref *ref, struct xls_cell *out, struct buf *text);
