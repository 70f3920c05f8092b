#include "message/message.h"

#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* Checked here and not by bson_validate, which lets nested documents without their end byte and
 * texts that are no UTF-8 pass; libbson then aborts where it is asked to walk them. */

enum {
    MAX_DEPTH = 128, /* deeper than anything that is accepted or mapped */
    SMALLEST = 5,    /* length and end byte of an empty document */
    LENGTH_BYTES = 4,
};

static uint32_t length_at(const char *p)
{
    const uint8_t *bytes = (const uint8_t *)p;

    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool take(struct str *rest, size_t n)
{
    if (n > rest->n) {
        return false;
    }
    *rest = (struct str){rest->p + n, rest->n - n};
    return true;
}

static bool is_utf8(struct str text)
{
    while (text.n > 0) {
        size_t n = (unsigned char)*text.p < 0x80 ? 1 : utf8_character(text.p, text.n);

        if (n == 0) {
            return false;
        }
        take(&text, n);
    }
    return true;
}

static bool take_key(struct str *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\0', rest->n) : NULL;
    struct str key = {rest->p, end ? (size_t)(end - rest->p) : 0};

    return end && is_utf8(key) && take(rest, key.n + 1);
}

static bool take_text(struct str *rest)
{
    if (rest->n < LENGTH_BYTES) {
        return false;
    }
    uint32_t n = length_at(rest->p);
    struct str text = {rest->p + LENGTH_BYTES, n - 1};

    return take(rest, LENGTH_BYTES) && n > 0 && take(rest, n) && text.p[n - 1] == '\0' &&
           is_utf8(text);
}

static bool take_binary(struct str *rest)
{
    return rest->n >= LENGTH_BYTES && take(rest, (size_t)length_at(rest->p) + LENGTH_BYTES + 1);
}

static bool is_document(struct str bytes, unsigned depth);

static bool take_document(struct str *rest, unsigned depth)
{
    if (rest->n < LENGTH_BYTES) {
        return false;
    }
    struct str nested = {rest->p, length_at(rest->p)};

    return take(rest, nested.n) && is_document(nested, depth);
}

static bool take_value(struct str *rest, char type, unsigned depth)
{
    switch (type) {
    case 0x01: /* double */
    case 0x09: /* date */
    case 0x12: /* 64 bits */
        return take(rest, 8);
    case 0x02:
        return take_text(rest);
    case 0x03:
    case 0x04: /* array */
        return take_document(rest, depth + 1);
    case 0x05:
        return take_binary(rest);
    case 0x07: /* object id */
        return take(rest, 12);
    case 0x08: /* boolean */
        return rest->n > 0 && (unsigned char)*rest->p <= 1 && take(rest, 1);
    case 0x0a: /* null */
        return true;
    case 0x10: /* 32 bits */
        return take(rest, 4);
    case 0x13: /* decimal */
        return take(rest, 16);
    default: /* no other is ever sent */
        return false;
    }
}

static bool is_document(struct str bytes, unsigned depth)
{
    if (depth > MAX_DEPTH || bytes.n < SMALLEST || length_at(bytes.p) != bytes.n ||
        bytes.p[bytes.n - 1] != '\0') {
        return false;
    }
    struct str rest = {bytes.p + LENGTH_BYTES, bytes.n - SMALLEST};

    while (rest.n > 0) {
        char type = *rest.p;

        if (!take(&rest, 1) || !take_key(&rest) || !take_value(&rest, type, depth)) {
            return false;
        }
    }
    return true;
}

bool message_is_bson(struct str bytes)
{
    return is_document(bytes, 1);
}
