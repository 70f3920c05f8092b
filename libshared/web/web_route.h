#pragma once

#include "web/web.h"

/* The route table. Pure: works on the raw path, decodes nothing. */

struct web_match {
    const struct web_route *route;     /* NULL: no route for this method and path */
    struct str params[WEB_MAX_PARAMS]; /* still percent-encoded */
    size_t param_count;
    char allow[64]; /* when there is no route: the methods that the path does have, "" when it has
                       none */
};

/* HEAD takes the route of GET. */
void web_route_find(const struct web_options *options, struct str method, struct str path,
                    struct web_match *match);

/* How large a body the route takes; with NULL, what no body may exceed. */
size_t web_route_max_body(const struct web_options *options, const struct web_route *route);
