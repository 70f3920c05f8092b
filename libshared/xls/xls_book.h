#pragma once

#include "xls/xls_record.h"
#include "xls/xls_wire.h"

#include "base/buf.h"
#include "base/str.h"

/* A workbook of Excel 5 to 2003 as frames (xls_wire.h). */

/* Takes one frame with its head; false when it takes no more. */
struct xls_sink {
    bool (*take)(void *ctx, struct str frame);
    void *ctx;
};

/*
 * Writes the first visible sheet of a file, with XLS_FRAME_END or XLS_FRAME_REFUSED as the last
 * frame. False when the sink took no more. Whatever the file holds, memory is bounded by a few
 * times its size.
 */
bool xls_book_write(struct str file, const struct xls_sink *sink);
