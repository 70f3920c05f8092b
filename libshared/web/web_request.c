#include "web/web.h"

#include "web/web_headers.h"
#include "web/web_uri.h"

struct str web_header(const struct web_request *request, const char *name)
{
    const struct web_headers *headers = request->headers;

    for (size_t i = 0; i < headers->count; i++) {
        if (str_is(headers->items[i].name, name)) {
            return headers->items[i].value;
        }
    }
    return (struct str){NULL, 0};
}

struct str web_query(const struct web_request *request, const char *name)
{
    return web_uri_query_value(request->arena, request->query, name);
}

static bool is_cookie_gap(char c)
{
    return c == ';' || c == ' ' || c == '\t';
}

/* The value of `name` in one "a=1; b=2" line. */
static struct str cookie_in_line(struct str line, struct str name)
{
    size_t at = 0;

    while (at < line.n) {
        while (at < line.n && is_cookie_gap(line.p[at])) {
            at++;
        }
        size_t start = at;

        while (at < line.n && line.p[at] != ';') {
            at++;
        }
        struct str pair = {line.p + start, at - start};

        if (pair.n > name.n && pair.p[name.n] == '=' && memcmp(pair.p, name.p, name.n) == 0) {
            return (struct str){pair.p + name.n + 1, pair.n - name.n - 1};
        }
    }
    return (struct str){NULL, 0};
}

struct str web_cookie(const struct web_request *request, const char *name)
{
    const struct web_headers *headers = request->headers;
    struct str found = {NULL, 0};

    for (size_t i = 0; i < headers->count && !found.p; i++) {
        if (str_is(headers->items[i].name, "cookie")) {
            found = cookie_in_line(headers->items[i].value, str_from(name));
        }
    }
    return found;
}
