#pragma once

#include "sheet/sheet.h"

/* What consign-sheet-reader does: its side of sheet/frames.h. */

struct serve_options {
    struct sheet_options sheet;
    int scratch_fd; /* XLSX: an empty file, borrowed; else -1 */
    int output_fd;  /* borrowed */
};

/* Goes into the sandbox, reads the table and writes it as frames. False when the process is to end
 * without a word, because of which the other side takes the file for unreadable. */
bool sheet_serve(const struct serve_options *options);
