#include "sheet/decode.h"

#include <stdint.h>
#include <string.h>

enum { HEAD_BYTES = 1024 };

/* What Windows-1252 has at 0x80 to 0x9F; its five holes stay control characters, as in browsers. */
static const uint16_t windows_1252[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

const char *encoding_name(enum encoding encoding)
{
    static const char *const names[] = {
        [ENCODING_UTF8] = "utf-8",
        [ENCODING_UTF16LE] = "utf-16le",
        [ENCODING_UTF16BE] = "utf-16be",
        [ENCODING_WINDOWS_1252] = "windows-1252",
    };

    return names[encoding];
}

/* Zero bytes at even and at odd places. */
static void count_zeros(struct str head, size_t zeros[2])
{
    for (size_t i = 0; i < head.n; i++) {
        zeros[i % 2] += head.p[i] == '\0';
    }
}

struct decoder decoder_for(struct str head, size_t *bom_bytes)
{
    size_t zeros[2] = {0, 0};
    size_t pairs;

    head.n = head.n < HEAD_BYTES ? head.n : HEAD_BYTES;
    pairs = head.n / 2;
    if (head.n >= 3 && memcmp(head.p, "\xef\xbb\xbf", 3) == 0) {
        *bom_bytes = 3;
        return (struct decoder){.encoding = ENCODING_UTF8, .is_certain = true};
    }
    *bom_bytes = 2;
    if (head.n >= 2 && memcmp(head.p, "\xff\xfe", 2) == 0) {
        return (struct decoder){.encoding = ENCODING_UTF16LE, .is_certain = true};
    }
    if (head.n >= 2 && memcmp(head.p, "\xfe\xff", 2) == 0) {
        return (struct decoder){.encoding = ENCODING_UTF16BE, .is_certain = true};
    }
    *bom_bytes = 0;
    count_zeros(head, zeros);
    if (zeros[0] == 0 && zeros[1] > pairs / 2) {
        return (struct decoder){.encoding = ENCODING_UTF16LE, .is_certain = true};
    }
    if (zeros[1] == 0 && zeros[0] > pairs / 2) {
        return (struct decoder){.encoding = ENCODING_UTF16BE, .is_certain = true};
    }
    return (struct decoder){.encoding = ENCODING_UTF8};
}

static void put_character(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(out, (char)c);
    } else if (c < 0x800) {
        buf_add(out, (char[]){(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))}, 2);
    } else if (c < 0x10000) {
        buf_add(out,
                (char[]){(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)),
                         (char)(0x80 | (c & 0x3F))},
                3);
    } else {
        buf_add(out,
                (char[]){(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)),
                         (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))},
                4);
    }
}

/* How many bytes from here on are ASCII and not zero. */
static size_t ascii_run(const unsigned char *p, size_t n)
{
    size_t i = 0;

    while (i + 8 <= n) {
        uint64_t word;

        memcpy(&word, p + i, 8);
        /* The second term finds zero bytes, as the first has ruled out a high bit. */
        if ((word & 0x8080808080808080U) || ((word - 0x0101010101010101U) & 0x8080808080808080U)) {
            break;
        }
        i += 8;
    }
    while (i < n && p[i] > 0 && p[i] < 0x80) {
        i++;
    }
    return i;
}

/* Bytes of the character that starts here with a byte outside of ASCII (Unicode, table 3-7).
 * 0: it is cut off; -1: it is malformed. */
static int utf8_bytes(const unsigned char *p, size_t n)
{
    int size = p[0] < 0xC2 ? -1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : -1;
    unsigned char least = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char most = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;

    for (int i = 1; i < size; i++) {
        if ((size_t)i == n) {
            return 0;
        }
        if (p[i] < least || p[i] > most) {
            return -1;
        }
        least = 0x80;
        most = 0xBF;
    }
    return size;
}

static size_t decode_windows_1252(struct decoder *decoder, struct str bytes, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t i = 0;

    while (i < bytes.n) {
        size_t run = ascii_run(p + i, bytes.n - i);

        buf_add(out, p + i, run);
        i += run;
        if (i < bytes.n && p[i] == '\0') {
            decoder->flaw = DECODE_NUL;
            break;
        }
        for (; i < bytes.n && p[i] >= 0x80; i++) {
            put_character(out, p[i] < 0xA0 ? windows_1252[p[i] - 0x80] : p[i]);
        }
    }
    return i;
}

/* Stops at what is not UTF-8; the decoder says whether that is a flaw. */
static size_t copy_utf8(struct decoder *decoder, struct str bytes, bool is_last, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t i = 0;

    while (i < bytes.n) {
        int size;

        i += ascii_run(p + i, bytes.n - i);
        if (i == bytes.n) {
            break;
        }
        size = p[i] == '\0' ? -1 : utf8_bytes(p + i, bytes.n - i);
        if (size < 0 || (size == 0 && is_last)) {
            decoder->flaw = p[i] == '\0' ? DECODE_NUL : DECODE_MALFORMED;
            break;
        }
        if (size == 0) {
            break;
        }
        decoder->is_certain = true;
        i += (size_t)size;
    }
    buf_add(out, p, i);
    return i;
}

static size_t decode_utf8(struct decoder *decoder, struct str bytes, bool is_last, struct buf *out)
{
    size_t used = copy_utf8(decoder, bytes, is_last, out);

    if (decoder->flaw != DECODE_MALFORMED || decoder->is_certain) {
        return used;
    }
    *decoder = (struct decoder){.encoding = ENCODING_WINDOWS_1252, .is_certain = true};
    return used + decode_windows_1252(decoder, (struct str){bytes.p + used, bytes.n - used}, out);
}

static uint32_t unit_at(const struct decoder *decoder, const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return decoder->encoding == ENCODING_UTF16LE ? (uint32_t)(u[0] | u[1] << 8)
                                                 : (uint32_t)(u[1] | u[0] << 8);
}

/* Bytes of the character at `bytes`, as utf8_bytes. */
static int utf16_character(const struct decoder *decoder, struct str bytes, uint32_t *c)
{
    uint32_t low;

    if (bytes.n < 2) {
        return 0;
    }
    *c = unit_at(decoder, bytes.p);
    if (*c < 0xD800 || *c > 0xDFFF) {
        return 2;
    }
    if (*c > 0xDBFF) {
        return -1;
    }
    if (bytes.n < 4) {
        return 0;
    }
    low = unit_at(decoder, bytes.p + 2);
    *c = 0x10000 + ((*c - 0xD800) << 10) + (low - 0xDC00);
    return low >= 0xDC00 && low <= 0xDFFF ? 4 : -1;
}

static size_t decode_utf16(struct decoder *decoder, struct str bytes, bool is_last, struct buf *out)
{
    size_t i = 0;

    while (i < bytes.n) {
        uint32_t c = 0;
        int size = utf16_character(decoder, (struct str){bytes.p + i, bytes.n - i}, &c);

        if (size < 0 || (size == 0 && is_last)) {
            decoder->flaw = DECODE_MALFORMED;
            break;
        }
        if (size > 0 && c == 0) {
            decoder->flaw = DECODE_NUL;
            break;
        }
        if (size == 0) {
            break;
        }
        put_character(out, c);
        i += (size_t)size;
    }
    return i;
}

size_t decode(struct decoder *decoder, struct str bytes, bool is_last, struct buf *out)
{
    if (decoder->flaw != DECODE_OK) {
        return 0;
    }
    switch (decoder->encoding) {
    case ENCODING_UTF16LE:
    case ENCODING_UTF16BE:
        return decode_utf16(decoder, bytes, is_last, out);
    case ENCODING_WINDOWS_1252:
        return decode_windows_1252(decoder, bytes, out);
    default:
        return decode_utf8(decoder, bytes, is_last, out);
    }
}
