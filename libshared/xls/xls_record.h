#pragma once

#include "xls/xls_bytes.h"

#include "base/str.h"

/* One record of a workbook's stream. */
struct xls_record {
    uint16_t type;
    size_t at; /* of its head in the stream */
    const char *data;
    size_t size;
};

enum { XLS_RECORD_HEAD_BYTES = 4, XLS_CONTINUE = 0x3C };

/* The record that begins at a place of the stream; false when it is cut off or none begins. */
bool xls_record_at(struct str stream, size_t at, struct xls_record *out);
bool xls_record_after(struct str stream, const struct xls_record *record, struct xls_record *out);

/* Walks the data of a record and of the CONTINUE records behind it. */
struct xls_cursor {
    struct str stream;
    size_t at;
    size_t end; /* of the record that `at` stands in */
};

/* `skip` is how many bytes of the record's data are passed over; it has so many. */
struct xls_cursor xls_cursor_of(struct str stream, const struct xls_record *record, size_t skip);
bool xls_take(struct xls_cursor *cursor, size_t bytes, uint32_t *value); /* at most 4 */

/*
 * Appends a text. In BIFF8 that is UTF-16LE, a format and its hints aside; before, the bytes as
 * they are. Its length stands in `length_bytes` before it.
 */
bool xls_take_text(struct xls_cursor *cursor, size_t length_bytes, bool is_biff8, struct buf *out);
