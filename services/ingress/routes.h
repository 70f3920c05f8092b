#pragma once

#include "web/web.h"

#include <stddef.h>

/* Everything that ingress answers; the handlers' `app` is a struct ingress. */
extern const struct web_route ingress_routes[];
extern const size_t ingress_route_count;
