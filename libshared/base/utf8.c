#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

/* What may follow the first byte: how many bytes, and the range of the first of them. */
struct shape {
    size_t more;
    unsigned char low;
    unsigned char high;
};

static bool shape_of(unsigned char first, struct shape *out)
{
    static const struct {
        unsigned char low;
        unsigned char high;
        struct shape shape;
    } shapes[] = {
        {0x00, 0x7f, {0, 0, 0}},       {0xc2, 0xdf, {1, 0x80, 0xbf}}, {0xe0, 0xe0, {2, 0xa0, 0xbf}},
        {0xe1, 0xec, {2, 0x80, 0xbf}}, {0xed, 0xed, {2, 0x80, 0x9f}}, {0xee, 0xef, {2, 0x80, 0xbf}},
        {0xf0, 0xf0, {3, 0x90, 0xbf}}, {0xf1, 0xf3, {3, 0x80, 0xbf}}, {0xf4, 0xf4, {3, 0x80, 0x8f}},
    };

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (first >= shapes[i].low && first <= shapes[i].high) {
            *out = shapes[i].shape;
            return true;
        }
    }
    return false;
}

size_t utf8_character(const char *text, size_t n)
{
    const unsigned char *bytes = (const unsigned char *)text;
    struct shape shape;

    if (n == 0 || !shape_of(bytes[0], &shape) || shape.more >= n) {
        return 0;
    }
    if (shape.more > 0 && (bytes[1] < shape.low || bytes[1] > shape.high)) {
        return 0;
    }
    for (size_t i = 2; i <= shape.more; i++) {
        if (bytes[i] < 0x80 || bytes[i] > 0xbf) {
            return 0;
        }
    }
    return shape.more + 1;
}

void utf8_mend(char *text)
{
    size_t left = strlen(text);
    char *out = text;

    while (left > 0) {
        size_t n = utf8_character(text, left);
        size_t used = n ? n : 1;

        memmove(out, text, n);
        out += n;
        text += used;
        left -= used;
    }
    *out = '\0';
}
