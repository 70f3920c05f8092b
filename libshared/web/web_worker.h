#pragma once

#include "base/err.h"

#include <stddef.h>

/* A fixed set of threads behind a bounded queue. Knows nothing of HTTP. */

/* Embedded in what has to be worked on; owned by the pool between submit and done. */
struct web_job {
    struct web_job *next;
};

struct web_pool_options {
    size_t threads;
    size_t queue_length; /* jobs that may wait while every thread is busy */
    void (*run)(struct web_job *job);
    void (*done)(struct web_job *job); /* on the worker's thread, when the thread is free again */
};

struct web_pool;

/* ERR_UNAVAILABLE when a thread cannot be started. */
bool web_pool_open(const struct web_pool_options *options, struct web_pool **out,
                   struct err *err) MUST_USE;

/* False when all threads are busy and the queue is full. */
bool web_pool_submit(struct web_pool *pool, struct web_job *job);

/* Takes a job back that no thread has begun; NULL when there is none. */
struct web_job *web_pool_take_back(struct web_pool *pool);

/* Ends and joins the threads; nothing may be waiting any more. NULL is allowed. */
void web_pool_close(struct web_pool *pool);
