#include "quota/quota.h"

#include "base/strmap.h"

#include <pthread.h>

struct quota_tenant {
    struct quota *quota;
    struct quota_limits limits;
    int64_t limits_at_ms; /* 0: never looked up */
    int64_t tokens;       /* thousandths of a request */
    int64_t filled_at_ms; /* 0: never, the bucket is full */
    int64_t bytes;
    int64_t jobs;
    int64_t jobs_at_ms; /* 0: never counted */
};

struct quota {
    pthread_mutex_t lock;
    struct quota_limits defaults;
    struct arena *arena;
    struct strmap *tenants;
};

enum { TOKEN = 1000 };

struct quota *quota_new(const struct quota_limits *defaults)
{
    struct quota *quota = mem_calloc(1, sizeof(*quota));

    pthread_mutex_init(&quota->lock, NULL);
    quota->defaults = *defaults;
    quota->arena = arena_new();
    quota->tenants = strmap_new(quota->arena);
    return quota;
}

void quota_free(struct quota *quota)
{
    if (quota) {
        pthread_mutex_destroy(&quota->lock);
        arena_free(quota->arena);
        mem_free(quota);
    }
}

static struct quota_tenant *make_tenant(struct quota *quota, const char *name)
{
    struct quota_tenant *tenant = arena_calloc(quota->arena, 1, sizeof(*tenant));

    tenant->quota = quota;
    tenant->limits = quota->defaults;
    strmap_put(quota->tenants, arena_strdup(quota->arena, name), tenant);
    return tenant;
}

struct quota_tenant *quota_tenant(struct quota *quota, const char *name)
{
    pthread_mutex_lock(&quota->lock);
    struct quota_tenant *tenant = strmap_get(quota->tenants, name);

    if (!tenant) {
        tenant = make_tenant(quota, name);
    }
    pthread_mutex_unlock(&quota->lock);
    return tenant;
}

static bool is_older(int64_t at_ms, int64_t age_ms, int64_t now_ms)
{
    return at_ms == 0 || now_ms - at_ms >= age_ms;
}

bool quota_wants_limits(struct quota_tenant *tenant, int64_t now_ms)
{
    pthread_mutex_lock(&tenant->quota->lock);
    bool wants = is_older(tenant->limits_at_ms, QUOTA_LIMITS_MS, now_ms);

    if (wants) {
        tenant->limits_at_ms = now_ms;
    }
    pthread_mutex_unlock(&tenant->quota->lock);
    return wants;
}

void quota_set_limits(struct quota_tenant *tenant, const struct quota_limits *limits)
{
    pthread_mutex_lock(&tenant->quota->lock);
    tenant->limits = *limits;
    pthread_mutex_unlock(&tenant->quota->lock);
}

struct quota_limits quota_limits(struct quota_tenant *tenant)
{
    pthread_mutex_lock(&tenant->quota->lock);
    struct quota_limits limits = tenant->limits;

    pthread_mutex_unlock(&tenant->quota->lock);
    return limits;
}

/* ---- requests ---- */

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* One request a second is a thousandth of one each millisecond. */
static void fill(struct quota_tenant *tenant, int64_t now_ms)
{
    int64_t rate = tenant->limits.requests_per_second;
    int64_t full = tenant->limits.burst * TOKEN;
    int64_t passed_ms = now_ms - tenant->filled_at_ms;
    int64_t missing = full - tenant->tokens;

    if (tenant->filled_at_ms == 0 || missing <= 0 || passed_ms >= divide_up(missing, rate)) {
        tenant->tokens = full;
    } else if (passed_ms > 0) {
        tenant->tokens += passed_ms * rate;
    }
    tenant->filled_at_ms = now_ms;
}

static void describe(const struct quota_tenant *tenant, struct quota_requests *out)
{
    int64_t rate = tenant->limits.requests_per_second;
    int64_t burst = tenant->limits.burst;
    int64_t to_next = tenant->tokens < TOKEN ? TOKEN - tenant->tokens : 0;

    *out = (struct quota_requests){
        .burst = burst,
        .window_s = divide_up(burst, rate),
        .left = tenant->tokens / TOKEN,
        .full_in_s = divide_up(burst * TOKEN - tenant->tokens, rate * TOKEN),
        .next_in_s = divide_up(to_next, rate * TOKEN),
    };
}

bool quota_take_request(struct quota_tenant *tenant, int64_t now_ms, struct quota_requests *out)
{
    pthread_mutex_lock(&tenant->quota->lock);
    fill(tenant, now_ms);
    bool has_one = tenant->tokens >= TOKEN;

    if (has_one) {
        tenant->tokens -= TOKEN;
    }
    describe(tenant, out);
    pthread_mutex_unlock(&tenant->quota->lock);
    return has_one;
}

/* ---- bytes ---- */

bool quota_take_bytes(struct quota_tenant *tenant, int64_t bytes)
{
    pthread_mutex_lock(&tenant->quota->lock);
    bool has_room =
        tenant->bytes == 0 || bytes == 0 || tenant->bytes + bytes <= tenant->limits.bytes_in_flight;

    if (has_room) {
        tenant->bytes += bytes;
    }
    pthread_mutex_unlock(&tenant->quota->lock);
    return has_room;
}

void quota_return_bytes(struct quota_tenant *tenant, int64_t bytes)
{
    pthread_mutex_lock(&tenant->quota->lock);
    tenant->bytes -= bytes;
    pthread_mutex_unlock(&tenant->quota->lock);
}

/* ---- jobs ---- */

bool quota_wants_jobs(struct quota_tenant *tenant, int64_t now_ms)
{
    pthread_mutex_lock(&tenant->quota->lock);
    bool is_full = tenant->jobs >= tenant->limits.concurrent_jobs;
    bool wants = is_older(tenant->jobs_at_ms, is_full ? QUOTA_FULL_MS : QUOTA_JOBS_MS, now_ms);

    pthread_mutex_unlock(&tenant->quota->lock);
    return wants;
}

void quota_set_jobs(struct quota_tenant *tenant, int64_t jobs, int64_t now_ms)
{
    pthread_mutex_lock(&tenant->quota->lock);
    tenant->jobs = jobs;
    tenant->jobs_at_ms = now_ms;
    pthread_mutex_unlock(&tenant->quota->lock);
}

bool quota_take_job(struct quota_tenant *tenant, int64_t *left)
{
    pthread_mutex_lock(&tenant->quota->lock);
    bool has_room = tenant->jobs < tenant->limits.concurrent_jobs;

    tenant->jobs += has_room;
    *left = tenant->jobs < tenant->limits.concurrent_jobs
                ? tenant->limits.concurrent_jobs - tenant->jobs
                : 0;
    pthread_mutex_unlock(&tenant->quota->lock);
    return has_room;
}
