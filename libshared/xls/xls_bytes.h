#pragma once

#include "base/buf.h"

#include <stdint.h>

/* Little-endian numbers at a place that the caller has checked. */

static inline uint16_t xls_u16(const void *at)
{
    const unsigned char *p = at;

    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t xls_u32(const void *at)
{
    const unsigned char *p = at;

    return (uint32_t)xls_u16(p) | (uint32_t)xls_u16(p + 2) << 16;
}

static inline double xls_double(const void *at)
{
    const unsigned char *p = at;
    uint64_t bits = (uint64_t)xls_u32(p) | (uint64_t)xls_u32(p + 4) << 32;
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline void xls_put(struct buf *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        buf_addc(out, (char)(value >> 8 * i & 0xFF));
    }
}
