#pragma once

#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>

/* A growing byte buffer. All zero is a valid empty buffer. `data` is always NUL-terminated once
 * something was added. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_add(struct buf *buf, const void *p, size_t n);
void buf_adds(struct buf *buf, const char *s);
void buf_addc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_clear(struct buf *buf); /* keeps the memory */
void buf_done(struct buf *buf);  /* frees it; the buffer is empty and usable again */

static inline void auto_free_buf(struct buf *buf)
{
    buf_done(buf);
}
