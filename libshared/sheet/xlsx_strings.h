#pragma once

#include "sheet/xlsx_package.h"

#include "base/buf.h"

/* The shared strings of a workbook: in memory as far as they are few, in the sheet's scratch file
 * behind that. */
struct xlsx_strings;

/* `sheet` is borrowed for its scratch file and limits. */
bool xlsx_strings_read(struct xlsx_package *package, const char *part, const struct sheet *sheet,
                       struct xlsx_strings **out, struct sheet_fault *fault,
                       struct err *err) MUST_USE;
void xlsx_strings_free(struct xlsx_strings *strings); /* NULL is allowed */

size_t xlsx_strings_count(const struct xlsx_strings *strings); /* NULL: none */

/* Valid until the next call. A string over `cell_bytes` comes cut one byte behind it. */
bool xlsx_strings_get(struct xlsx_strings *strings, size_t index, struct str *out,
                      struct err *err) MUST_USE;

DEFINE_AUTO(xlsx_strings, struct xlsx_strings, xlsx_strings_free)
