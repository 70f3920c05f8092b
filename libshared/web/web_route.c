#include "web/web_route.h"

#include <stdint.h>
#include <stdio.h>

/* Cuts "/segment" off the front of `path`; false when nothing is left or the slash is missing. */
static bool next_segment(struct str *path, struct str *segment)
{
    if (path->n == 0 || path->p[0] != '/') {
        return false;
    }
    const char *start = path->p + 1;
    const char *end = path->n > 1 ? memchr(start, '/', path->n - 1) : NULL;

    segment->p = start;
    segment->n = end ? (size_t)(end - start) : path->n - 1;
    path->p += segment->n + 1;
    path->n -= segment->n + 1;
    return true;
}

struct fit {
    uint32_t literals; /* one bit per segment, the first segment highest: the greater fit is the
                          more literal one */
    struct str params[WEB_MAX_PARAMS];
    size_t param_count;
};

static bool pattern_fits(const char *pattern, struct str path, struct fit *fit)
{
    struct str rest = str_from(pattern);
    struct str want;
    struct str have;

    *fit = (struct fit){0};
    while (next_segment(&rest, &want)) {
        if (!next_segment(&path, &have)) {
            return false;
        }
        bool is_param = want.n > 0 && want.p[0] == ':';

        if (is_param ? have.n == 0 || fit->param_count == WEB_MAX_PARAMS : !str_eq(want, have)) {
            return false;
        }
        if (is_param) {
            fit->params[fit->param_count++] = have;
        }
        fit->literals = fit->literals << 1 | !is_param;
    }
    return path.n == 0;
}

static void add_allowed(struct web_match *match, const char *method)
{
    size_t n = strlen(match->allow);

    /* No method's name is part of another's. */
    if (!strstr(match->allow, method) && n + strlen(method) + 3 <= sizeof(match->allow)) {
        snprintf(match->allow + n, sizeof(match->allow) - n, "%s%s", n ? ", " : "", method);
    }
    if (strcmp(method, "GET") == 0) {
        add_allowed(match, "HEAD");
    }
}

static void take_if_better(struct web_match *match, uint32_t *best, const struct web_route *route,
                           const struct fit *fit)
{
    if (match->route && fit->literals <= *best) {
        return;
    }
    match->route = route;
    match->param_count = fit->param_count;
    memcpy(match->params, fit->params, sizeof(match->params));
    *best = fit->literals;
}

void web_route_find(const struct web_options *options, struct str method, struct str path,
                    struct web_match *match)
{
    struct str wanted = str_is(method, "HEAD") ? STR("GET") : method;
    uint32_t best = 0;
    struct fit fit;

    *match = (struct web_match){0};
    for (size_t i = 0; i < options->route_count; i++) {
        const struct web_route *route = &options->routes[i];

        if (!pattern_fits(route->pattern, path, &fit)) {
            continue;
        }
        if (str_is(wanted, route->method)) {
            take_if_better(match, &best, route, &fit);
        } else if (!match->route) {
            add_allowed(match, route->method);
        }
    }
    if (match->route) {
        match->allow[0] = '\0';
    }
}

size_t web_route_max_body(const struct web_options *options, const struct web_route *route)
{
    size_t json = options->max_body_bytes;
    size_t upload = options->max_upload_bytes;

    if (!route) {
        return json > upload ? json : upload;
    }
    return route->kind == WEB_UPLOAD ? upload : json;
}
