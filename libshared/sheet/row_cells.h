#pragma once

#include "sheet/sheet_internal.h"

#include "base/buf.h"

/* A row whose cells come in any order and with gaps. All zero is an empty row. */
struct row_cells {
    struct buf text;
    struct sheet_cell *cells;
    size_t *starts; /* of their texts in `text` */
    size_t count;
    size_t capacity;
};

void row_cells_begin(struct row_cells *row);

/* Puts a cell at a place; a later one takes its place. The text is copied. Refuses what breaks a
 * limit of `sheet`. A cell without text adds nothing. */
bool row_cells_put(struct row_cells *row, const struct sheet *sheet, struct sheet_cell cell,
                   struct sheet_place place, struct sheet_fault *fault, struct err *err) MUST_USE;

/* The cells, valid until the next begin. */
const struct sheet_cell *row_cells_end(struct row_cells *row);

void row_cells_done(struct row_cells *row);
