#include "sheet/xlsx_text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    ESCAPE_BYTES = 7, /* "_x000D_" */
    SURROGATE_FIRST = 0xD800,
    SURROGATE_LOW = 0xDC00,
    SURROGATE_LAST = 0xDFFF,
    SUPPLEMENTARY = 0x10000,
};

void xlsx_text_begin(struct xlsx_text *text)
{
    buf_clear(&text->buf);
    text->phonetic_depth = 0;
    text->is_open = false;
}

void xlsx_text_start(struct xlsx_text *text, const char *element)
{
    if (strcmp(element, "rPh") == 0) {
        text->phonetic_depth++;
    } else if (strcmp(element, "t") == 0) {
        text->is_open = text->phonetic_depth == 0;
    }
}

void xlsx_text_end(struct xlsx_text *text, const char *element)
{
    if (strcmp(element, "rPh") == 0 && text->phonetic_depth > 0) {
        text->phonetic_depth--;
    } else if (strcmp(element, "t") == 0) {
        text->is_open = false;
    }
}

void xlsx_text_add(struct xlsx_text *text, struct str piece)
{
    if (text->is_open && text->buf.len <= text->limit) {
        size_t room = text->limit + 1 - text->buf.len;

        buf_add(&text->buf, piece.p, piece.n < room ? piece.n : room);
    }
}

/* The UTF-16 unit of an escape at `p`; false if there is none. */
static bool read_escape(const char *p, size_t n, uint32_t *unit)
{
    char digits[5] = {0};

    if (n < ESCAPE_BYTES || p[0] != '_' || p[1] != 'x' || p[6] != '_') {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        digits[i] = p[2 + i];
        if (!isxdigit((unsigned char)digits[i])) {
            return false;
        }
    }
    *unit = (uint32_t)strtoul(digits, NULL, 16);
    return true;
}

/* The character of one escape or of two that make a surrogate pair; 0 when what stands at `p` is
 * none, or none that can stand in a text. */
static uint32_t read_character(const char *p, size_t n, size_t *used)
{
    uint32_t unit;
    uint32_t low;

    *used = ESCAPE_BYTES;
    if (!read_escape(p, n, &unit)) {
        return 0;
    }
    if (unit < SURROGATE_FIRST || unit > SURROGATE_LAST) {
        return unit;
    }
    if (unit >= SURROGATE_LOW || !read_escape(p + ESCAPE_BYTES, n - ESCAPE_BYTES, &low) ||
        low < SURROGATE_LOW || low > SURROGATE_LAST) {
        return 0;
    }
    *used = 2 * (size_t)ESCAPE_BYTES;
    return SUPPLEMENTARY + ((unit - SURROGATE_FIRST) << 10) + (low - SURROGATE_LOW);
}

/* Never longer than the escape it replaces. */
static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < SUPPLEMENTARY) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static size_t unescape(char *text, size_t n)
{
    char *first = memmem(text, n, "_x", 2);
    size_t to = first ? (size_t)(first - text) : n;

    for (size_t from = to; from < n;) {
        size_t used;
        uint32_t c = read_character(text + from, n - from, &used);

        if (c == 0) {
            text[to++] = text[from++];
            continue;
        }
        to += put_utf8(text + to, c);
        from += used;
    }
    return to;
}

struct str xlsx_text_take(struct xlsx_text *text)
{
    text->is_open = false;
    if (text->buf.len > 0 && text->buf.len <= text->limit) {
        text->buf.len = unescape(text->buf.data, text->buf.len);
    }
    return (struct str){text->buf.len > 0 ? text->buf.data : "", text->buf.len};
}

void xlsx_text_done(struct xlsx_text *text)
{
    buf_done(&text->buf);
}
