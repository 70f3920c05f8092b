#include "base/id.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void id_random(void *out, size_t n)
{
    unsigned char *p = out;

    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);

        if (got <= 0) {
            abort();
        }
        p += got;
        n -= (size_t)got;
    }
}

void id_random_text(char *out, size_t n)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (size_t i = 0; i < n;) {
        unsigned char byte;

        id_random(&byte, 1);
        if (byte < 36 * 7) {
            out[i++] = alphabet[byte % 36];
        }
    }
    out[n] = '\0';
}

void id_new_job(const char *prefix, int64_t now_ms, char out[ID_JOB_SIZE])
{
    char tail[7];

    id_random_text(tail, 6);
    snprintf(out, ID_JOB_SIZE, "%s_%lld_%s", prefix, (long long)now_ms, tail);
}

static void add_escaped(struct buf *out, const char *part)
{
    for (; *part; part++) {
        if (*part == '%') {
            buf_adds(out, "%25");
        } else if (*part == '|') {
            buf_adds(out, "%7C");
        } else {
            buf_addc(out, *part);
        }
    }
}

char *id_join(struct arena *arena, const char *const *parts, size_t count)
{
    AUTO(buf) struct buf id = {0};

    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_addc(&id, '|');
        }
        add_escaped(&id, parts[i]);
    }
    return arena_strndup(arena, id.data, id.len);
}
