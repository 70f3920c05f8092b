#pragma once

#include "sheet/xlsx_package.h"

/* Where the parts of a workbook are; in `arena`. */
struct xlsx_book {
    const char *sheet;   /* the first visible worksheet in the order of its tabs */
    const char *strings; /* NULL: has none */
    const char *styles;  /* NULL: has none */
    bool is_1904;        /* how dates are counted */
};

bool xlsx_book_read(struct xlsx_package *package, struct arena *arena, struct xlsx_book *out,
                    struct sheet_fault *fault, struct err *err) MUST_USE;
