#include "apply/apply_internal.h"

#include "base/clock.h"
#include "config/config.h"
#include "domain/stored.h"
#include "log/log.h"
#include "store/jobs.h"

#include <string.h>
#include <time.h>

/* Accepting ends within milliseconds of the last chunk, so the first wait is short and in place:
 * leaving it to the consumer loop's back-off would cost every job a quarter of a second. */
enum { POLL_MS = 3, PATIENCE_MS = 2000, REMEMBERED_JOBS = 10000 };

enum verdict { VERDICT_ACCEPTED, VERDICT_DROP, VERDICT_WAIT };

static void pause_briefly(void)
{
    struct timespec span = {.tv_nsec = POLL_MS * 1000000L};

    nanosleep(&span, NULL);
}

static void remember(struct apply *apply, const char *job_id)
{
    if (strmap_count(apply->accepted) >= REMEMBERED_JOBS) {
        arena_reset(apply->known_arena);
        apply->accepted = strmap_new(apply->known_arena);
    }
    strmap_put(apply->accepted, arena_strdup(apply->known_arena, job_id), apply);
}

/* Gives up a job that its ingress never finished accepting; only one of the two can win. */
static bool abandon(struct store_session *session, const char *job_id, enum verdict *verdict,
                    struct err *err)
{
    struct job_settlement settlement = {
        .job_id = job_id,
        .wanted = JOB_ABANDONED,
        .code = problem_get(PROBLEM_not_accepted)->code,
        .error = "the request was not accepted within the time allowed",
        .now_ms = clock_now_ms(),
    };
    enum job_acceptance stands;

    if (!jobs_settle(session, &settlement, &stands, err)) {
        return false;
    }
    *verdict = stands == JOB_ACCEPTED ? VERDICT_ACCEPTED : VERDICT_DROP;
    return true;
}

static bool judge(struct apply *apply, struct store_session *session,
                  const struct import_chunk *chunk, enum verdict *verdict, struct err *err)
{
    AUTO(bson) bson_t *job = NULL;
    const char *job_id = chunk->origin.job_id;

    if (strmap_get(apply->accepted, job_id)) {
        *verdict = VERDICT_ACCEPTED;
        return true;
    }
    if (!jobs_get(session, chunk->origin.tenant, job_id, &job, err)) {
        *verdict = VERDICT_DROP;
        return err->kind == ERR_NOT_FOUND;
    }
    switch (job_acceptance(job)) {
    case JOB_ACCEPTED:
        remember(apply, job_id);
        *verdict = VERDICT_ACCEPTED;
        return true;
    case JOB_ABANDONED:
        *verdict = VERDICT_DROP;
        return true;
    case JOB_ACCEPTING:
        break;
    }
    *verdict = VERDICT_WAIT;
    if (clock_now_ms() - stored_date(job, "accepting_since", 0) >
        apply->config->accept_timeout_ms) {
        return abandon(session, job_id, verdict, err);
    }
    return true;
}

static bool await(struct apply *apply, struct store_session *session,
                  const struct import_chunk *chunk, enum verdict *verdict, struct err *err)
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_MS;

    for (;;) {
        if (!judge(apply, session, chunk, verdict, err)) {
            return err_context(err, "looking up job %s", chunk->origin.job_id);
        }
        if (*verdict != VERDICT_WAIT) {
            return true;
        }
        if (clock_monotonic_ms() >= deadline) {
            return err_set(err, ERR_UNAVAILABLE, "job %s is still being accepted",
                           chunk->origin.job_id);
        }
        pause_briefly();
    }
}

bool apply_await_acceptance(struct apply *apply, struct store_session *session, struct works *works,
                            struct err *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < works->count; i++) {
        enum verdict verdict;

        if (!await(apply, session, &works->items[i].chunk, &verdict, err)) {
            return false;
        }
        if (verdict == VERDICT_ACCEPTED) {
            works->items[kept++] = works->items[i];
        } else {
            log_info("chunk %u of job %s is left out: the job was not accepted",
                     works->items[i].chunk.origin.chunk, works->items[i].chunk.origin.job_id);
        }
    }
    works->count = kept;
    return true;
}
