#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

/* Workbooks of Excel 5 to 2003 put together byte by byte, so that a test can have anything wrong.
 */

/* Appends one record; `data` has `n` bytes. */
void old_record(struct buf *stream, uint16_t type, const void *data, size_t n);

/* An OLE2 file in memory with one stream of at most 60,000 bytes, which the caller closes. */
int old_file(const char *stream_name, struct str stream);

/* Excel 5: a workbook in this code page with one sheet: a header, and a row with `text` in the
 * first and 12.5 in the second column. `extra` is the type of an empty record before the sheet's
 * name; 0: none. */
int old_workbook_file(uint16_t code_page, const char *text, uint16_t extra);
