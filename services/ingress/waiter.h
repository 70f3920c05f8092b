#pragma once

#include "base/err.h"

#include <bson/bson.h>
#include <stdint.h>

/*
 * Waits for the ends of jobs on behalf of requests whose answers are deferred. One thread asks
 * MongoDB for all of them together, every few milliseconds while there are any.
 */
struct waiter;
struct store;
struct store_session;

/* One who waits; embedded in what the answer is made of. */
struct waiting {
    struct waiting *next; /* the waiter's */
    const char *job_id;
    int64_t deadline_ms; /* monotonic */
    bson_t *job;         /* the waiter's */
};

struct waiter_options {
    struct store *store;
    /*
     * Both are called on the waiter's thread, and end the waiting. `on_end` gets the job that has
     * ended and may fail, to be called again; `on_timeout` is called when it has not ended in time.
     */
    bool (*on_end)(struct waiting *waiting, struct store_session *session, const bson_t *job,
                   struct err *err);
    void (*on_timeout)(struct waiting *waiting, struct store_session *session);
};

/* ERR_UNAVAILABLE when the thread cannot be started. */
bool waiter_open(const struct waiter_options *options, struct waiter **out,
                 struct err *err) MUST_USE;

/* From any thread; job_id and deadline_ms are set. */
void waiter_add(struct waiter *waiter, struct waiting *waiting);

/* From now on nobody waits any longer: who does not find the job ended has run out of time. NULL is
 * allowed. */
void waiter_hurry(struct waiter *waiter);

/* Nobody may be waiting. NULL is allowed. */
void waiter_close(struct waiter *waiter);
