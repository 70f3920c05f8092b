#pragma once

#include "sheet/number_format.h"
#include "sheet/xlsx_package.h"

/* The number formats of a workbook's cell styles, in `arena`. */
struct xlsx_styles {
    struct number_format *formats; /* by the style's index */
    size_t count;
};

bool xlsx_styles_read(struct xlsx_package *package, const char *part, struct arena *arena,
                      struct xlsx_styles *out, struct sheet_fault *fault, struct err *err) MUST_USE;
