/* Lines of a request: its target, a header with parameters, a cookie and a traceparent. Whatever
 * they are: a path is matched as its pattern says, what is decoded can be encoded and decoded to
 * the same, and parameters come to an end. */
#include "domain/trace.h"
#include "web/web_headers.h"
#include "web/web_params.h"
#include "web/web_route.h"
#include "web/web_uri.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)app;
    (void)request;
    (void)reply;
}

static const struct web_route routes[] = {
    {"GET", "/", answer, WEB_ON_LOOP},          {"GET", "/a", answer, WEB_ON_LOOP},
    {"POST", "/a", answer, WEB_ON_LOOP},        {"GET", "/a/:x", answer, WEB_ON_LOOP},
    {"PUT", "/a/b", answer, WEB_ON_LOOP},       {"GET", "/a/b", answer, WEB_ON_LOOP},
    {"GET", "/a/:x/c/:y", answer, WEB_ON_LOOP}, {"DELETE", "/:x/:y/:z/:u", answer, WEB_ON_LOOP},
};

static const struct web_options options = {.routes = routes,
                                           .route_count = sizeof(routes) / sizeof(routes[0])};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool lies_in(struct str part, struct str whole)
{
    return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

/* Cuts the text up to the byte off `rest`; all of it when there is none. */
static struct str cut(struct str *rest, char byte)
{
    const char *end = rest->n ? memchr(rest->p, byte, rest->n) : NULL;
    struct str part = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
    size_t used = part.n + (end != NULL);

    *rest = (struct str){rest->p + used, rest->n - used};
    return part;
}

static struct str encode(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, 3 * text.n + 1);

    for (size_t i = 0; i < text.n; i++) {
        snprintf(out + 3 * i, 4, "%%%02x", (unsigned char)text.p[i]);
    }
    return (struct str){out, 3 * text.n};
}

/* ---- the path ---- */

static void check_segment(struct arena *arena, struct str raw)
{
    struct str decoded;
    struct str again;

    if (web_uri_decode_segment(arena, raw, &decoded)) {
        check(decoded.n <= raw.n && decoded.p[decoded.n] == '\0');
        check(web_uri_decode_segment(arena, encode(arena, decoded), &again));
        check(str_eq(decoded, again));
    }
}

/* The pattern with the parameters in their places is the path. */
static void check_match(struct arena *arena, const struct web_match *match, struct str path)
{
    const char *pattern = match->route->pattern;
    char *built = arena_alloc(arena, strlen(pattern) + path.n + 1);
    size_t param = 0;
    size_t n = 0;

    while (*pattern) {
        if (*pattern != ':') {
            built[n++] = *pattern++;
            continue;
        }
        struct str value = match->params[param++];

        check(value.n > 0 && lies_in(value, path) && !memchr(value.p, '/', value.n));
        check_segment(arena, value);
        memcpy(built + n, value.p, value.n);
        n += value.n;
        pattern += strcspn(pattern, "/");
    }
    check(param == match->param_count && str_eq((struct str){built, n}, path));
}

static void try_path(struct arena *arena, struct str path)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", ""};
    struct web_match match;

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        struct str method = str_from(methods[i]);

        web_route_find(&options, method, path, &match);
        if (match.route) {
            check(!match.allow[0]);
            check_match(arena, &match, path);
        } else if (match.allow[0]) {
            struct web_match other;

            check(!method.n || !strstr(match.allow, method.p));
            web_route_find(&options, STR("GET"), path, &other);
            check((strstr(match.allow, "GET") != NULL) == (other.route != NULL));
        }
    }
}

/* ---- the query ---- */

static void try_query(struct arena *arena, struct str query)
{
    struct str value = web_uri_query_value(arena, query, "q");
    struct str name = encode(arena, STR("q"));

    if (!value.p) {
        return;
    }
    check(value.n <= query.n && value.p[value.n] == '\0');
    struct str code = encode(arena, value);
    const char *text =
        arena_printf(arena, "a=b&%.*s=%.*s&q=second", (int)name.n, name.p, (int)code.n, code.p);

    check(str_eq(web_uri_query_value(arena, str_from(text), "q"), value));
}

/* ---- headers ---- */

static void try_params(struct arena *arena, struct str header)
{
    struct str rest = header;
    struct web_param param;
    bool found = true;
    struct err err;
    struct str text;

    check(lies_in(web_params_start(&rest), header));
    while (found) {
        size_t left = rest.n;

        if (!web_params_next(arena, &rest, &param, &found, &err)) {
            check(err.kind == ERR_INVALID && *err.msg);
            return;
        }
        check(rest.n < left || !found);
        if (found) {
            check(param.name.n > 0 && lies_in(param.name, header) && param.value.n <= header.n);
            if (web_params_decode_extended(arena, param.value, &text)) {
                check(text.n < param.value.n);
            }
        }
    }
}

static void try_cookie(struct arena *arena, struct str line)
{
    struct web_headers *headers = arena_alloc(arena, sizeof(*headers) + sizeof(headers->items[0]));
    const struct web_request request = {.arena = arena, .headers = headers};

    headers->count = 1;
    headers->items[0].name = STR("cookie");
    headers->items[0].value = line;
    struct str value = web_cookie(&request, "session");

    check(!value.p || (lies_in(value, line) && !memchr(value.p, ';', value.n)));
    check(web_header(&request, "cookie").p == line.p);
}

static void try_trace(struct str line)
{
    char id[TRACE_ID_SIZE];
    char parent[TRACE_PARENT_SIZE];
    char again[TRACE_ID_SIZE];
    const uint8_t span[8] = {1};

    if (trace_read_parent(line, id)) {
        check(strlen(id) == TRACE_ID_SIZE - 1);
        trace_write_parent(id, span, parent);
        check(trace_read_parent(str_from(parent), again) && strcmp(id, again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct str rest = {(const char *)data, size};

    if (size == 0 || memchr(data, '\0', size)) {
        return 0; /* h2o lets no NUL through */
    }
    struct str query = cut(&rest, '\n');
    struct str path = cut(&query, '?');

    try_path(arena, path);
    try_query(arena, query);
    try_params(arena, cut(&rest, '\n'));
    try_cookie(arena, cut(&rest, '\n'));
    try_trace(rest);
    return 0;
}
