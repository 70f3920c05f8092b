#pragma once

#include "base/str.h"

#include <stddef.h>

/* What web_request.headers points to. Names are lower case. */
struct web_headers {
    size_t count;
    struct {
        struct str name;
        struct str value;
    } items[];
};
