#pragma once

#include "xls/xls_refusal.h"

#include "base/buf.h"
#include "base/str.h"

/* Appends the stream with the workbook out of an OLE2 file. Whatever the file holds, memory is
 * bounded by a few times its size. */
enum xls_refusal xls_container_read(struct str file, struct buf *workbook);
