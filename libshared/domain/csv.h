#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stddef.h>

/*
 * Appends one CSV line (RFC 4180, CRLF). A cell that a spreadsheet would read as a formula (it
 * begins with = + - @ TAB or CR, and is no number) gets a ' in front: the text came from a partner
 * and is opened by people.
 */
void csv_write_line(struct buf *out, const struct str *cells, size_t count);
