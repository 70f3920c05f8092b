#include "allowance.h"

#include "reply.h"

#include "base/clock.h"
#include "domain/document.h"
#include "log/log.h"
#include "quota/quota.h"
#include "runtime/metrics.h"
#include "store/jobs.h"
#include "store/tenants.h"

/* Jobs and bodies end when they end: a guess that is worth a try. */
enum { JOBS_RETRY_S = 5, BYTES_RETRY_S = 1 };

#define REFUSED(limit)                                                                             \
    {                                                                                              \
        .name = "consign_limited_requests_total",                                                  \
        .help = "Requests refused because of a tenant's limit", .type = METRIC_COUNTER,            \
        .labels = "limit=\"" limit "\""                                                            \
    }
static struct metric refused_requests = REFUSED("requests");
static struct metric refused_bytes = REFUSED("bytes");
static struct metric refused_jobs = REFUSED("jobs");

struct quota *allowance_open(const struct config *config)
{
    return quota_new(
        &(struct quota_limits){.requests_per_second = config->tenant_requests_per_second,
                               .burst = config->tenant_burst,
                               .concurrent_jobs = config->tenant_concurrent_jobs,
                               .bytes_in_flight = config->tenant_bytes_in_flight});
}

/* A limit below 1 would shut a tenant out, which is what revoking its keys is for. */
static int64_t limit_of(const bson_t *tenant, const char *path, int64_t fallback)
{
    int64_t limit = document_int64(tenant, path, fallback);

    return limit < 1 ? 1 : limit;
}

static struct quota_limits read_limits(const struct config *config, const bson_t *tenant)
{
    const int64_t none = -1;
    int64_t rate = document_int64(tenant, "limits.requests_per_second", none);

    return (struct quota_limits){
        .requests_per_second =
            limit_of(tenant, "limits.requests_per_second", config->tenant_requests_per_second),
        .burst = limit_of(tenant, "limits.burst", rate == none ? config->tenant_burst : rate),
        .concurrent_jobs =
            limit_of(tenant, "limits.concurrent_jobs", config->tenant_concurrent_jobs),
        .bytes_in_flight =
            limit_of(tenant, "limits.bytes_in_flight", config->tenant_bytes_in_flight),
    };
}

/* While the database does not answer, the limits known so far hold. */
static void refresh_limits(struct call *call, struct quota_tenant *tenant, int64_t now_ms)
{
    AUTO(bson) bson_t *document = NULL;
    struct err err;

    if (!quota_wants_limits(tenant, now_ms)) {
        return;
    }
    if (tenants_get(call->session, call->who.tenant, &document, &err)) {
        struct quota_limits limits = read_limits(call->app->config, document);

        quota_set_limits(tenant, &limits);
    } else {
        log_warn("the limits of the tenant: %s", err.msg);
    }
}

/* ---- telling: draft-ietf-httpapi-ratelimit-headers ---- */

static void tell_requests(struct call *call, const struct quota_requests *requests)
{
    web_reply_header(call->reply, "ratelimit-policy",
                     arena_printf(call->arena, "\"requests\";q=%lld;w=%lld",
                                  (long long)requests->burst, (long long)requests->window_s));
    web_reply_header(call->reply, "ratelimit",
                     arena_printf(call->arena, "\"requests\";r=%lld;t=%lld",
                                  (long long)requests->left, (long long)requests->full_in_s));
}

static void tell_jobs(struct call *call, int64_t limit, int64_t left)
{
    web_reply_header(call->reply, "ratelimit-policy",
                     arena_printf(call->arena, "\"jobs\";q=%lld", (long long)limit));
    web_reply_header(call->reply, "ratelimit",
                     arena_printf(call->arena, "\"jobs\";r=%lld", (long long)left));
}

static bool refuse(struct call *call, enum problem_id problem, int64_t retry_after_s,
                   struct request_fault *fault)
{
    web_reply_header(call->reply, "retry-after",
                     arena_printf(call->arena, "%lld", (long long)retry_after_s));
    return request_refuse(fault, problem, "%s", "");
}

/* ---- the limits ---- */

bool allowance_enter(struct call *call, struct request_fault *fault)
{
    struct quota_tenant *tenant = quota_tenant(call->app->quota, call->who.tenant);
    int64_t now_ms = clock_monotonic_ms();
    struct quota_requests requests;

    refresh_limits(call, tenant, now_ms);
    bool is_taken = quota_take_request(tenant, now_ms, &requests);

    tell_requests(call, &requests);
    if (!is_taken) {
        metric_add(&refused_requests, 1);
        return refuse(call, PROBLEM_rate_limited, requests.next_in_s, fault);
    }
    if (!quota_take_bytes(tenant, (int64_t)call->access.body_bytes)) {
        metric_add(&refused_bytes, 1);
        return refuse(call, PROBLEM_too_many_bytes, BYTES_RETRY_S, fault);
    }
    call->tenant_quota = tenant;
    return true;
}

void allowance_leave(struct call *call)
{
    if (call->tenant_quota) {
        quota_return_bytes(call->tenant_quota, (int64_t)call->access.body_bytes);
    }
}

bool allowance_take_job(struct call *call, struct request_fault *fault)
{
    struct quota_tenant *tenant = call->tenant_quota;
    int64_t now_ms = clock_monotonic_ms();
    int64_t limit = quota_limits(tenant).concurrent_jobs;
    int64_t jobs;
    int64_t left;
    struct err err;

    if (quota_wants_jobs(tenant, now_ms)) {
        if (!jobs_count_open(call->session, call->who.tenant, &jobs, &err)) {
            return refuse_error(fault, &err, PROBLEM_internal);
        }
        quota_set_jobs(tenant, jobs, now_ms);
    }
    bool is_taken = quota_take_job(tenant, &left);

    tell_jobs(call, limit, left);
    if (!is_taken) {
        metric_add(&refused_jobs, 1);
        return refuse(call, PROBLEM_too_many_jobs, JOBS_RETRY_S, fault);
    }
    return true;
}
