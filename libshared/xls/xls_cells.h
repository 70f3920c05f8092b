#pragma once

#include "xls/xls_globals.h"

/* Where a cell stands in its sheet and in the stream. */
struct xls_cell_ref {
    uint16_t row;
    uint16_t column;
    uint32_t at; /* of its record */
};

/* Lists the cells with content of the sheet that begins at `at`, by rows and columns; of two on one
 * place the later one comes later. */
enum xls_refusal xls_cells_find(struct str stream, size_t at, struct buf *refs);

/* Appends a cell as a row frame has it. False when its record is damaged. */
bool xls_cell_write(struct str stream, const struct xls_globals *globals,
                    const struct xls_cell_ref *ref, struct buf *out);
