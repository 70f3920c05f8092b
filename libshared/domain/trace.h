#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* W3C Trace Context. Pure: random bytes come in as arguments. */

enum { TRACE_ID_SIZE = 33, TRACE_PARENT_SIZE = 56 };

/* Takes the trace id out of a traceparent header; false when the header is absent or malformed. */
bool trace_read_parent(struct str traceparent, char trace_id[TRACE_ID_SIZE]);

/* A trace id of 16 random bytes. */
void trace_make_id(const uint8_t random[16], char trace_id[TRACE_ID_SIZE]);

/* "00-<trace id>-<span>-01" with a span of 8 random bytes. */
void trace_write_parent(const char *trace_id, const uint8_t random[8], char out[TRACE_PARENT_SIZE]);
