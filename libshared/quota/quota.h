#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

/*
 * How much each tenant has taken of what it may take, in the memory of one process: n processes
 * allow n times as many requests and bytes. Reads no clock and no database: whoever asks brings
 * both. Safe from several threads.
 */

struct quota_limits {
    int64_t requests_per_second;
    int64_t burst; /* requests that may come at once after a quiet time */
    int64_t concurrent_jobs;
    int64_t bytes_in_flight;
};

struct quota;

struct quota *quota_new(const struct quota_limits *defaults);
void quota_free(struct quota *quota); /* NULL is allowed */
DEFINE_AUTO(quota, struct quota, quota_free)

/* What is known of one tenant; lives as long as the quota. */
struct quota_tenant;

struct quota_tenant *quota_tenant(struct quota *quota, const char *tenant);

/* Limits are looked up again after this time, and the number of open jobs after that. */
enum { QUOTA_LIMITS_MS = 10000, QUOTA_JOBS_MS = 1000, QUOTA_FULL_MS = 100 };

/* True for one caller each QUOTA_LIMITS_MS: it is to look the tenant's own limits up. Until then
 * the old ones hold, at first the defaults. */
bool quota_wants_limits(struct quota_tenant *tenant, int64_t now_ms);
void quota_set_limits(struct quota_tenant *tenant, const struct quota_limits *limits);
struct quota_limits quota_limits(struct quota_tenant *tenant);

/* ---- requests: a token bucket of `burst`, filled with `requests_per_second` ---- */

struct quota_requests {
    int64_t burst;
    int64_t window_s; /* in which an empty bucket is full again */
    int64_t left;
    int64_t full_in_s;
    int64_t next_in_s; /* until there is one again; 0 when there is one now */
};

/* Takes a request; false, and nothing taken, when there is none left. `out` is filled always. */
bool quota_take_request(struct quota_tenant *tenant, int64_t now_ms, struct quota_requests *out);

/* ---- bytes of requests in hand ---- */

/* A request that is alone is never too large: the limit of one body is somebody else's. */
bool quota_take_bytes(struct quota_tenant *tenant, int64_t bytes);
void quota_return_bytes(struct quota_tenant *tenant, int64_t bytes);

/* ---- jobs that have not ended ---- */

/*
 * Between two counts the jobs that were begun here are added and none is taken off. So the count is
 * old when it is of more than QUOTA_JOBS_MS ago, and already after QUOTA_FULL_MS when it leaves no
 * room. Requests that come while others are counted, or at another process, may lead to a few jobs
 * too many.
 */
bool quota_wants_jobs(struct quota_tenant *tenant, int64_t now_ms);
void quota_set_jobs(struct quota_tenant *tenant, int64_t jobs, int64_t now_ms);

/* Begins a job; false when there are too many. *left is the number that may still be begun. */
bool quota_take_job(struct quota_tenant *tenant, int64_t *left);
