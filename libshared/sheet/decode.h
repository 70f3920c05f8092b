#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

/* Bytes of a text file to UTF-8, piece by piece. */

enum encoding { ENCODING_UTF8, ENCODING_UTF16LE, ENCODING_UTF16BE, ENCODING_WINDOWS_1252 };

/* "utf-8", "utf-16le", "utf-16be", "windows-1252". */
const char *encoding_name(enum encoding encoding);

enum decode_flaw { DECODE_OK, DECODE_MALFORMED, DECODE_NUL };

/* Without a BOM the first character outside of ASCII decides: if it is not UTF-8, the text is
 * Windows-1252. A later one that does not fit is a flaw. */
struct decoder {
    enum encoding encoding;
    bool is_certain;
    enum decode_flaw flaw; /* that ended the text */
};

/* By the BOM, else by the zero bytes that UTF-16 has in Western texts. `bom_bytes` are to be
 * skipped. */
struct decoder decoder_for(struct str head, size_t *bom_bytes);

/*
 * Appends what `bytes` mean, up to a flaw, and returns how many were used. A character that is cut
 * off at the end is left for the next call; `is_last` makes it a flaw.
 */
size_t decode(struct decoder *decoder, struct str bytes, bool is_last, struct buf *out);
