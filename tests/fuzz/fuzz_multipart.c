/* The first line of the input is a content type, the rest a body: it is refused with a reason, or
 * cut into parts that lie inside it. */
#include "web/web_multipart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    const uint8_t *line_end = size ? memchr(data, '\n', size) : NULL;
    size_t n = line_end ? (size_t)(line_end - data) : size;
    struct str type = {(const char *)data, n};
    struct str body = {(const char *)data + n + (line_end != NULL), size - n - (line_end != NULL)};
    struct web_multipart multipart;
    struct err err;

    if (!web_multipart_read(arena, type, body, &multipart, &err)) {
        if (err.kind != ERR_INVALID || !*err.msg) {
            abort();
        }
        return 0;
    }
    for (size_t i = 0; i < multipart.count; i++) {
        struct str content = multipart.parts[i].content;

        if (content.p < body.p || content.p + content.n > body.p + body.n ||
            multipart.parts[i].name.n == 0) {
            abort();
        }
    }
    return 0;
}
