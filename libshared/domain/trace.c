#include "domain/trace.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { TRACE_DIGITS = 32, SPAN_DIGITS = 16 };

static bool is_hex(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_digit = p[i] >= '0' && p[i] <= '9';

        if (!is_digit && (p[i] < 'a' || p[i] > 'f')) {
            return false;
        }
    }
    return true;
}

static bool is_all_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '0') {
            return false;
        }
    }
    return true;
}

/* Later versions may append fields behind a dash; version ff is forbidden. */
bool trace_read_parent(struct str traceparent, char trace_id[TRACE_ID_SIZE])
{
    const char *p = traceparent.p;
    size_t length = TRACE_PARENT_SIZE - 1;

    if (traceparent.n < length || p[2] != '-' || p[35] != '-' || p[52] != '-') {
        return false;
    }
    if (!is_hex(p, 2) || memcmp(p, "ff", 2) == 0 || !is_hex(p + 53, 2)) {
        return false;
    }
    if (traceparent.n > length && (memcmp(p, "00", 2) == 0 || p[length] != '-')) {
        return false;
    }
    if (!is_hex(p + 3, TRACE_DIGITS) || is_all_zero(p + 3, TRACE_DIGITS) ||
        !is_hex(p + 36, SPAN_DIGITS) || is_all_zero(p + 36, SPAN_DIGITS)) {
        return false;
    }
    memcpy(trace_id, p + 3, TRACE_DIGITS);
    trace_id[TRACE_DIGITS] = '\0';
    return true;
}

static void write_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

void trace_make_id(const uint8_t random[16], char trace_id[TRACE_ID_SIZE])
{
    write_hex(random, 16, trace_id);
}

void trace_write_parent(const char *trace_id, const uint8_t random[8], char out[TRACE_PARENT_SIZE])
{
    char span[SPAN_DIGITS + 1];

    write_hex(random, 8, span);
    snprintf(out, TRACE_PARENT_SIZE, "00-%.32s-%s-01", trace_id, span);
}
