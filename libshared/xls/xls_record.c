#include "xls/xls_record.h"

enum { IS_WIDE = 1, HAS_PHONETIC = 4, HAS_RUNS = 8, RUN_BYTES = 4 };

bool xls_record_at(struct str stream, size_t at, struct xls_record *out)
{
    if (at > stream.n || stream.n - at < XLS_RECORD_HEAD_BYTES) {
        return false;
    }
    out->type = xls_u16(stream.p + at);
    out->at = at;
    out->data = stream.p + at + XLS_RECORD_HEAD_BYTES;
    out->size = xls_u16(stream.p + at + 2);
    return out->size <= stream.n - at - XLS_RECORD_HEAD_BYTES;
}

bool xls_record_after(struct str stream, const struct xls_record *record, struct xls_record *out)
{
    return xls_record_at(stream, record->at + XLS_RECORD_HEAD_BYTES + record->size, out);
}

struct xls_cursor xls_cursor_of(struct str stream, const struct xls_record *record, size_t skip)
{
    size_t data_at = record->at + XLS_RECORD_HEAD_BYTES;

    return (struct xls_cursor){stream, data_at + skip, data_at + record->size};
}

static bool enter_continuation(struct xls_cursor *cursor)
{
    struct xls_record next;

    if (!xls_record_at(cursor->stream, cursor->end, &next) || next.type != XLS_CONTINUE) {
        return false;
    }
    *cursor = xls_cursor_of(cursor->stream, &next, 0);
    return true;
}

static bool take_byte(struct xls_cursor *cursor, unsigned char *byte)
{
    while (cursor->at == cursor->end) {
        if (!enter_continuation(cursor)) {
            return false;
        }
    }
    *byte = (unsigned char)cursor->stream.p[cursor->at++];
    return true;
}

bool xls_take(struct xls_cursor *cursor, size_t bytes, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char byte;

        if (!take_byte(cursor, &byte)) {
            return false;
        }
        *value |= (uint32_t)byte << 8 * i;
    }
    return true;
}

static bool skip_bytes(struct xls_cursor *cursor, size_t n)
{
    while (n > cursor->end - cursor->at) {
        n -= cursor->end - cursor->at;
        if (!enter_continuation(cursor)) {
            return false;
        }
    }
    cursor->at += n;
    return true;
}

static void add_utf16(struct buf *out, const char *from, size_t count, bool is_wide)
{
    if (is_wide) {
        buf_add(out, from, 2 * count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        buf_add(out, (const char[]){from[i], 0}, 2);
    }
}

/* Where a text goes on in another record, that says anew whether it is wide. */
static bool take_utf16(struct xls_cursor *cursor, size_t count, bool is_wide, struct buf *out)
{
    while (count > 0) {
        uint32_t flags;

        if (cursor->at == cursor->end) {
            if (!xls_take(cursor, 1, &flags)) {
                return false;
            }
            is_wide = flags & IS_WIDE;
        }
        size_t unit_bytes = is_wide ? 2 : 1;
        size_t n = (cursor->end - cursor->at) / unit_bytes;

        n = n < count ? n : count;
        if (n == 0 && cursor->at != cursor->end) {
            return false; /* half a character */
        }
        add_utf16(out, cursor->stream.p + cursor->at, n, is_wide);
        cursor->at += n * unit_bytes;
        count -= n;
    }
    return true;
}

static bool take_bytes(struct xls_cursor *cursor, size_t count, struct buf *out)
{
    while (count > 0) {
        size_t n = cursor->end - cursor->at;

        n = n < count ? n : count;
        buf_add(out, cursor->stream.p + cursor->at, n);
        cursor->at += n;
        count -= n;
        if (count > 0 && !enter_continuation(cursor)) {
            return false;
        }
    }
    return true;
}

bool xls_take_text(struct xls_cursor *cursor, size_t length_bytes, bool is_biff8, struct buf *out)
{
    uint32_t count;
    uint32_t flags;
    uint32_t runs = 0;
    uint32_t phonetic_bytes = 0;

    if (!xls_take(cursor, length_bytes, &count)) {
        return false;
    }
    if (!is_biff8) {
        return take_bytes(cursor, count, out);
    }
    return xls_take(cursor, 1, &flags) && (!(flags & HAS_RUNS) || xls_take(cursor, 2, &runs)) &&
           (!(flags & HAS_PHONETIC) || xls_take(cursor, 4, &phonetic_bytes)) &&
           take_utf16(cursor, count, flags & IS_WIDE, out) &&
           skip_bytes(cursor, (size_t)runs * RUN_BYTES) && skip_bytes(cursor, phonetic_bytes);
}
