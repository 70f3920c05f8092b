#pragma once

#include "web/web.h"

#include <stddef.h>
#include <stdint.h>

/* A request as operators see it. */
struct access {
    const char *method;
    const char *pattern;
    int64_t start_ms; /* monotonic */
    size_t body_bytes;
};

/* Counts the answered request and logs one line about it. */
void access_note(const struct access *access, const struct web_reply *reply);
