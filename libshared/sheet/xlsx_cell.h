#pragma once

#include "sheet/row_cells.h"
#include "sheet/xlsx_strings.h"
#include "sheet/xlsx_styles.h"

/* What the cells of a sheet refer to. */
struct xlsx_context {
    const struct sheet *sheet;
    const char *part;
    struct xlsx_strings *strings; /* NULL: has none */
    struct xlsx_styles styles;
    bool is_1904;
};

/* What is done with the text of a cell. */
struct xlsx_cell_kind;

/* By the type that the file names, "s" or "inlineStr"; NULL for one that is not known. */
const struct xlsx_cell_kind *xlsx_cell_kind_of(const char *type);

/* A cell as the file has it. */
struct xlsx_cell {
    struct sheet_place place;
    const struct xlsx_cell_kind *kind; /* NULL: not known */
    uint32_t style;
    struct str text; /* of <v> or <is> */
};

/* Adds what the cell says to a row. */
bool xlsx_cell_put(const struct xlsx_context *context, const struct xlsx_cell *cell,
                   struct row_cells *row, struct sheet_fault *fault, struct err *err) MUST_USE;
