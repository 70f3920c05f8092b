#include "access.h"

#include "base/clock.h"
#include "log/log.h"
#include "runtime/metrics.h"

/* By the first digit of the status. */
static struct metric requests[] = {
#define REQUESTS(class)                                                                            \
    {                                                                                              \
        .name = "consign_http_requests_total", .help = "Requests answered",                        \
        .type = METRIC_COUNTER, .labels = "class=\"" class "\""                                    \
    }
    REQUESTS("1xx"), REQUESTS("2xx"), REQUESTS("3xx"), REQUESTS("4xx"), REQUESTS("5xx")};
static struct metric request_time = {.name = "consign_http_request_seconds",
                                     .help = "Time from the whole request to its answer",
                                     .type = METRIC_HISTOGRAM};

void access_note(const struct access *access, const struct web_reply *reply)
{
    int64_t ms = clock_monotonic_ms() - access->start_ms;

    metric_add(&requests[reply->status / 100 - 1], 1);
    metric_observe_ms(&request_time, ms);
    log_info("%s %s %d in %lld ms, %zu bytes in, %zu bytes out", access->method, access->pattern,
             reply->status, (long long)ms, access->body_bytes, reply->body.len);
}
