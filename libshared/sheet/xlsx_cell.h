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

/* A cell as the file has it. */
struct xlsx_cell {
    struct sheet_place place;
    char type[16]; /* of <c t="...">; "" when it says nothing */
    uint32_t style;
    struct str text; /* of <v> or <is> */
};

/* Adds what the cell says to a row. */
bool xlsx_cell_put(const struct xlsx_context *context, const struct xlsx_cell *cell,
                   struct row_cells *row, struct sheet_fault *fault, struct err *err) MUST_USE;
