#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void reserve(struct buf *buf, size_t extra)
{
    size_t need = buf->len + extra + 1;

    if (need < buf->len) {
        abort();
    }
    if (need <= buf->cap) {
        return;
    }
    size_t cap = buf->cap ? buf->cap * 2 : 256;

    buf->cap = cap < need ? need : cap;
    buf->data = mem_realloc(buf->data, buf->cap);
}

void buf_add(struct buf *buf, const void *p, size_t n)
{
    reserve(buf, n);
    if (n) {
        memcpy(buf->data + buf->len, p, n);
    }
    buf->len += n;
    buf->data[buf->len] = '\0';
}

void buf_adds(struct buf *buf, const char *s)
{
    buf_add(buf, s, strlen(s));
}

void buf_addc(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_list again;

    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) {
        abort();
    }
    reserve(buf, (size_t)n);
    vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
    va_end(again);
    buf->len += (size_t)n;
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

void buf_done(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){0};
}
