#include "web/web_uri.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that raw.p[at .. at+2] stands for; -1 when that is no percent sequence or would be a
 * NUL. */
static int percent_byte(struct str raw, size_t at)
{
    if (raw.p[at] != '%' || raw.n - at < 3) {
        return -1;
    }
    int high = hex_digit(raw.p[at + 1]);
    int low = hex_digit(raw.p[at + 2]);

    return high < 0 || low < 0 || high + low == 0 ? -1 : high * 16 + low;
}

bool web_uri_decode_segment(struct arena *arena, struct str raw, struct str *out)
{
    char *text = arena_alloc(arena, raw.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] != '%') {
            text[n++] = raw.p[i];
            continue;
        }
        int byte = percent_byte(raw, i);

        if (byte < 0) {
            return false;
        }
        text[n++] = (char)byte;
        i += 2;
    }
    text[n] = '\0';
    *out = (struct str){text, n};
    return true;
}

static struct str decode_form(struct arena *arena, struct str raw)
{
    char *text = arena_alloc(arena, raw.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < raw.n; i++) {
        int byte = percent_byte(raw, i);

        if (byte >= 0) {
            text[n++] = (char)byte;
            i += 2;
        } else {
            text[n++] = raw.p[i] == '+' ? ' ' : raw.p[i];
        }
    }
    text[n] = '\0';
    return (struct str){text, n};
}

/* Cuts the text up to the separator off `rest`; false when nothing is left. */
static bool next_part(struct str *rest, char separator, struct str *part)
{
    if (!rest->p) {
        return false;
    }
    const char *end = rest->n ? memchr(rest->p, separator, rest->n) : NULL;

    *part = (struct str){rest->p, end ? (size_t)(end - rest->p) : rest->n};
    *rest = end ? (struct str){end + 1, rest->n - part->n - 1} : (struct str){NULL, 0};
    return true;
}

struct str web_uri_query_value(struct arena *arena, struct str query, const char *name)
{
    struct str pair;

    while (next_part(&query, '&', &pair)) {
        struct str value = pair;
        struct str key;

        next_part(&value, '=', &key);
        if (str_is(decode_form(arena, key), name)) {
            return value.p ? decode_form(arena, value) : STR("");
        }
    }
    return (struct str){NULL, 0};
}
