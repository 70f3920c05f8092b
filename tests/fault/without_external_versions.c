#include "search/search_internal.h"

#include <string.h>

/* Documents are indexed in the order in which they arrive, whatever their version. */

bool __real_search_http_send(struct search *search, const struct search_request *request,
                             struct buf *answer, struct err *err);
bool __wrap_search_http_send(struct search *search, const struct search_request *request,
                             struct buf *answer, struct err *err);

static void copy_without_versions(struct buf *out, struct str body)
{
    static const char action[] = "{\"index\":";
    const char *end = body.p + body.n;

    for (const char *line = body.p; line < end;) {
        const char *next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
        const char *version = strncmp(line, action, strlen(action)) == 0
                                  ? memmem(line, (size_t)(next - line), ",\"version\":", 11)
                                  : NULL;

        buf_add(out, line, (size_t)((version ? version : next) - line));
        buf_add(out, "}}\n", version ? 3 : 0);
        line = next;
    }
}

bool __wrap_search_http_send(struct search *search, const struct search_request *request,
                             struct buf *answer, struct err *err)
{
    AUTO(buf) struct buf body = {0};
    struct search_request changed = *request;

    if (strncmp(request->path, "/_bulk", 6) == 0) {
        copy_without_versions(&body, request->body);
        changed.body = (struct str){body.data, body.len};
    }
    return __real_search_http_send(search, &changed, answer, err);
}
