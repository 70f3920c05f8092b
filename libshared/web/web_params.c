#include "web/web_params.h"

#include "web/web_uri.h"

#include <strings.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct str trim(struct str text)
{
    while (text.n > 0 && is_blank(text.p[0])) {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && is_blank(text.p[text.n - 1])) {
        text.n--;
    }
    return text;
}

/* Cuts the text up to the byte off `rest`, which then begins with the byte or is empty. */
static struct str cut(struct str *rest, char byte)
{
    const char *at = rest->n ? memchr(rest->p, byte, rest->n) : NULL;
    struct str text = {rest->p, at ? (size_t)(at - rest->p) : rest->n};

    rest->p += text.n;
    rest->n -= text.n;
    return text;
}

struct str web_params_start(struct str *rest)
{
    return trim(cut(rest, ';'));
}

/* `rest` begins behind the opening quote. */
static bool read_quoted(struct arena *arena, struct str *rest, struct str *out)
{
    char *text = arena_alloc(arena, rest->n + 1);
    size_t n = 0;
    size_t i = 0;

    for (; i < rest->n && rest->p[i] != '"'; i++) {
        bool is_escape =
            rest->p[i] == '\\' && i + 1 < rest->n && strchr("\"\\", rest->p[i + 1]) != NULL;

        i += is_escape;
        text[n++] = rest->p[i];
    }
    if (i == rest->n) {
        return false;
    }
    *out = (struct str){text, n};
    *rest = (struct str){rest->p + i + 1, rest->n - i - 1};
    return true;
}

bool web_params_next(struct arena *arena, struct str *rest, struct web_param *out, bool *found,
                     struct err *err)
{
    struct web_param param;

    *found = false;
    *rest = trim(*rest);
    if (rest->n == 0) {
        return true;
    }
    if (rest->p[0] != ';') {
        return err_set(err, ERR_INVALID, "parameters are separated by ;");
    }
    *rest = trim((struct str){rest->p + 1, rest->n - 1});
    if (rest->n == 0) {
        return true;
    }
    struct str text = *rest;

    param.name = trim(cut(rest, '='));
    if (rest->n == 0 || param.name.n == 0 || memchr(param.name.p, ';', param.name.n)) {
        return err_set(err, ERR_INVALID, "\"%.*s\" is no parameter",
                       (int)(text.n < 40 ? text.n : 40), text.p);
    }
    *rest = trim((struct str){rest->p + 1, rest->n - 1});
    if (rest->n > 0 && rest->p[0] == '"') {
        *rest = (struct str){rest->p + 1, rest->n - 1};
        if (!read_quoted(arena, rest, &param.value)) {
            return err_set(err, ERR_INVALID, "a quoted text has no end");
        }
    } else {
        param.value = trim(cut(rest, ';'));
    }
    *out = param;
    *found = true;
    return true;
}

bool web_params_decode_extended(struct arena *arena, struct str value, struct str *out)
{
    const char *language = value.n ? memchr(value.p, '\'', value.n) : NULL;
    const char *text =
        language ? memchr(language + 1, '\'', (size_t)(value.p + value.n - language - 1)) : NULL;

    return text && web_params_same((struct str){value.p, (size_t)(language - value.p)}, "UTF-8") &&
           web_uri_decode_segment(
               arena, (struct str){text + 1, (size_t)(value.p + value.n - text - 1)}, out);
}

bool web_params_same(struct str a, const char *b)
{
    return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}
