#include "track.h"

#include "base/clock.h"
#include "log/log.h"
#include "store/jobs.h"

static bool sweep(struct tracker *tracker, size_t *count, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    int64_t now_ms = clock_now_ms();

    return store_session_open(tracker->store, &session, err) &&
           jobs_abandon_stale(session, now_ms - tracker->accept_timeout_ms, now_ms, count, err);
}

void track_tick(void *ctx)
{
    size_t count = 0;
    struct err err;

    if (!sweep(ctx, &count, &err)) {
        log_warn("looking for jobs that were never accepted: %s", err.msg);
    } else if (count > 0) {
        log_info("gave up %zu jobs that were never accepted", count);
    }
}
