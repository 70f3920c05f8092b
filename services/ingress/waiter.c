#include "waiter.h"

#include "base/clock.h"
#include "base/mem.h"
#include "domain/document.h"
#include "log/log.h"
#include "runtime/metrics.h"
#include "runtime/rounds.h"
#include "store/jobs.h"

#include <stdatomic.h>
#include <string.h>

enum {
    ASK_MS = 5,
    ASK_AGAIN_MS = 250, /* after a failure */
    ASK_AT_ONCE = 100   /* jobs in one query, and job documents held at one time */
};

struct waiter {
    struct waiter_options options;
    struct rounds *rounds;
    struct waiting *_Atomic added; /* newest first; emptied by the waiter's thread */
    _Atomic bool is_hurried;

    /* For the waiter's thread only: */
    struct waiting *first;
    int64_t count;
    bool is_failing;
};

static struct metric waiting_count = {.name = "consign_sync_imports_waiting",
                                      .help = "Requests that wait for the end of their job",
                                      .type = METRIC_GAUGE};

static void take_added(struct waiter *waiter)
{
    struct waiting *added = atomic_exchange(&waiter->added, NULL);

    while (added) {
        struct waiting *waiting = added;

        added = waiting->next;
        waiting->next = waiter->first;
        waiter->first = waiting;
        waiter->count++;
    }
}

/* Those of the list from *at on that are asked for together. */
struct slice {
    struct waiting **at;
    size_t count;
};

/* Two requests wait for one job when the second took its Idempotency-Key over. */
static bool keep_job(void *ctx, const bson_t *job)
{
    const struct slice *slice = ctx;
    const char *id = document_text(job, "_id");
    struct waiting *waiting = *slice->at;

    for (size_t i = 0; i < slice->count; i++, waiting = waiting->next) {
        if (!waiting->job && strcmp(waiting->job_id, id) == 0) {
            waiting->job = bson_copy(job);
        }
    }
    return true;
}

static bool ask(struct slice *slice, struct store_session *session, struct err *err)
{
    const char *ids[ASK_AT_ONCE];
    struct waiting *waiting = *slice->at;

    for (slice->count = 0; waiting && slice->count < ASK_AT_ONCE; waiting = waiting->next) {
        ids[slice->count++] = waiting->job_id;
    }
    return jobs_find_ended(session, ids, slice->count, keep_job, slice, err);
}

/* Tells one what is known; false: it goes on waiting. It may be freed by that. */
static bool tell(struct waiter *waiter, struct waiting *waiting, struct store_session *session,
                 struct err *err)
{
    AUTO(bson) bson_t *job = STEAL(waiting->job);

    if (job && waiter->options.on_end(waiting, session, job, err)) {
        return true;
    }
    if (!waiter->is_hurried && clock_monotonic_ms() < waiting->deadline_ms) {
        return false;
    }
    waiter->options.on_timeout(waiting, session);
    return true;
}

/* Asks for a slice and tells those in it. What fails is tried again in the next round; `err` is
 * only written then. Answers where the next slice begins. */
static struct waiting **serve(struct waiter *waiter, struct waiting **at,
                              struct store_session *session, struct err *err)
{
    struct slice slice = {.at = at};

    ask(&slice, session, err);
    for (size_t i = 0; i < slice.count; i++) {
        struct waiting *next = (*at)->next;

        if (tell(waiter, *at, session, err)) {
            *at = next;
            waiter->count--;
        } else {
            at = &(*at)->next;
        }
    }
    return at;
}

static void serve_all(struct waiter *waiter)
{
    AUTO(store_session) struct store_session *session = NULL;
    struct err err = {0};

    if (store_session_open(waiter->options.store, &session, &err)) {
        for (struct waiting **at = &waiter->first; *at;) {
            at = serve(waiter, at, session, &err);
        }
    }
    /* Logged once, not every few milliseconds. */
    if (err.kind && !waiter->is_failing) {
        log_warn("waiting for jobs: %s", err.msg);
    }
    waiter->is_failing = err.kind != 0;
}

static int64_t do_round(void *ctx)
{
    struct waiter *waiter = ctx;
    int64_t start_ms = clock_monotonic_ms();

    take_added(waiter);
    if (waiter->first) {
        serve_all(waiter);
    }
    metric_set(&waiting_count, waiter->count);
    if (!waiter->first) {
        return -1;
    }
    /* At most half of the time is spent on asking. */
    int64_t took_ms = clock_monotonic_ms() - start_ms;

    return waiter->is_failing ? ASK_AGAIN_MS : took_ms > ASK_MS ? took_ms : ASK_MS;
}

bool waiter_open(const struct waiter_options *options, struct waiter **out, struct err *err)
{
    struct waiter *waiter = mem_calloc(1, sizeof(*waiter));
    struct rounds_options rounds = {.name = "waiter", .round = do_round, .ctx = waiter};

    waiter->options = *options;
    if (!rounds_open(&rounds, &waiter->rounds, err)) {
        mem_free(waiter);
        return false;
    }
    *out = waiter;
    return true;
}

void waiter_add(struct waiter *waiter, struct waiting *waiting)
{
    struct waiting *newest = atomic_load(&waiter->added);

    do {
        waiting->next = newest;
    } while (!atomic_compare_exchange_weak(&waiter->added, &newest, waiting));
    rounds_wake(waiter->rounds);
}

void waiter_hurry(struct waiter *waiter)
{
    if (waiter) {
        waiter->is_hurried = true;
    }
}

void waiter_close(struct waiter *waiter)
{
    if (!waiter) {
        return;
    }
    rounds_close(waiter->rounds);
    mem_free(waiter);
}
