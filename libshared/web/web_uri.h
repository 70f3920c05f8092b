#pragma once

#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>

/* Decoding of request targets (RFC 3986). Pure; results live in the arena. */

/* Decodes one path segment. False for a malformed percent sequence and for %00. */
bool web_uri_decode_segment(struct arena *arena, struct str raw, struct str *out);

/* The decoded value of the first parameter called `name`; {NULL, 0} when there is none. Rules: see
 * web_query. */
struct str web_uri_query_value(struct arena *arena, struct str query, const char *name);
