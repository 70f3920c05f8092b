#include "routes.h"

#include "handlers.h"
#include "ingress.h"
#include "allowance.h"
#include "reply.h"

#include "base/clock.h"
#include "base/id.h"
#include "log/log.h"
#include "runtime/metrics.h"
#include "runtime/runtime.h"

#define ANY (AUTH_CUSTOMERS | AUTH_IMPORT)
#define NO_CREDENTIAL 0 /* the handler decides who may */

#define CATALOG_ROUTES(X, path, name)                                                              \
    X("POST", "/api/b2b/pim/" path "/:id/import", AUTH_IMPORT, submit_##name)                      \
    X("GET", "/api/b2b/pim/" path "/:id", AUTH_IMPORT, name##_show)                                \
    X("GET", "/api/b2b/pim/" path "/:id/versions", AUTH_IMPORT, name##_list_versions)

/* X(method, pattern, permissions of which one is needed, handler); these take files. */
#define UPLOADS(X)                                                                                 \
    X("POST", "/api/b2b/pim/import", AUTH_IMPORT, submit_products_file)                            \
    X("POST", "/api/b2b/pim/import/analyze", AUTH_IMPORT, files_analyze)                           \
    X("POST", "/api/b2b/customers/import", AUTH_CUSTOMERS, submit_customers_file)

#define ROUTES(X)                                                                                  \
    X("POST", "/api/b2b/customers/import/api", AUTH_CUSTOMERS, submit_customers)                   \
    X("GET", "/api/b2b/customers/import/api/:job_id", AUTH_CUSTOMERS, jobs_show_customers)         \
    X("GET", "/api/b2b/customers/import/api/:job_id/errors", AUTH_CUSTOMERS,                       \
      errors_list_customers)                                                                       \
    X("GET", "/api/b2b/customers/:external_code", AUTH_CUSTOMERS, customers_show)                  \
    X("GET", "/api/b2b/customers/:external_code/versions", AUTH_CUSTOMERS,                         \
      customers_list_versions)                                                                     \
    X("POST", "/api/b2b/pim/import/queue", AUTH_IMPORT, submit_products)                           \
    X("POST", "/api/b2b/pim/import/api", AUTH_IMPORT, submit_products_and_wait)                    \
    X("GET", "/api/b2b/pim/import/queue", AUTH_IMPORT, jobs_show_queue)                            \
    X("GET", "/api/b2b/pim/jobs/:jobId", AUTH_IMPORT, jobs_show_pim)                               \
    X("GET", "/api/b2b/pim/jobs/:jobId/errors", AUTH_IMPORT, errors_list_pim)                      \
    X("GET", "/api/b2b/pim/jobs/:jobId/error-file", AUTH_IMPORT, error_file_pim)                   \
    X("GET", "/api/b2b/pim/import/template", AUTH_IMPORT, template_products)                       \
    X("GET", "/api/b2b/customers/import/template", AUTH_CUSTOMERS, template_customers)             \
    X("GET", "/api/b2b/customers/import/api/:job_id/error-file", AUTH_CUSTOMERS,                   \
      error_file_customers)                                                                        \
    X("POST", "/api/b2b/pim/sources", AUTH_IMPORT, sources_create)                                 \
    X("GET", "/api/b2b/pim/sources", AUTH_IMPORT, sources_list_all)                                \
    X("GET", "/api/b2b/pim/sources/:id", AUTH_IMPORT, sources_show)                                \
    X("PUT", "/api/b2b/pim/sources/:id", AUTH_IMPORT, sources_put)                                 \
    X("DELETE", "/api/b2b/pim/sources/:id", AUTH_IMPORT, sources_remove)                           \
    X("GET", "/api/b2b/pim/products", AUTH_IMPORT, products_search)                                \
    X("GET", "/api/b2b/pim/products/:entity_code", AUTH_IMPORT, products_show)                     \
    X("GET", "/api/b2b/pim/products/:entity_code/versions", AUTH_IMPORT, products_list_versions)   \
    X("GET", "/api/b2b/pim/products/:entity_code/versions/:n", AUTH_IMPORT, products_show_version) \
    X("PUT", "/api/b2b/pim/products/:entity_code/locks", AUTH_IMPORT, products_lock)               \
    CATALOG_ROUTES(X, "brands", brands)                                                            \
    CATALOG_ROUTES(X, "categories", categories)                                                    \
    CATALOG_ROUTES(X, "collections", collections)                                                  \
    CATALOG_ROUTES(X, "product-types", product_types)                                              \
    CATALOG_ROUTES(X, "synonym-dictionaries", synonym_dictionaries)                                \
    X("GET", "/api/b2b/jobs", ANY, jobs_list)                                                      \
    X("GET", "/api/b2b/batches/:batch_id", ANY, batches_show)                                      \
    X("GET", "/api/b2b/files/:id/:file_name", NO_CREDENTIAL, files_show)

struct route {
    const char *method;
    const char *pattern;
    unsigned permissions;
    void (*handle)(struct call *call);
};

static struct metric inflight_bytes = {
    .name = "consign_inflight_bytes", .help = "Bytes of request bodies held", .type = METRIC_GAUGE};

static void note_inflight_bytes(struct ingress *app)
{
    struct web_server *server = app->server;

    if (server) {
        metric_set(&inflight_bytes, (int64_t)web_server_inflight_bytes(server));
    }
}

/* Takes over the caller's trace or begins one; the answer names it. */
static void start_trace(struct call *call)
{
    uint8_t random[24];
    char *parent = arena_alloc(call->arena, TRACE_PARENT_SIZE);

    id_random(random, sizeof(random));
    if (!trace_read_parent(web_header(call->request, "traceparent"), call->trace_id)) {
        trace_make_id(random, call->trace_id);
    }
    trace_write_parent(call->trace_id, random + 16, parent);
    web_reply_header(call->reply, "x-trace-id", arena_strdup(call->arena, call->trace_id));
    web_reply_header(call->reply, "traceparent", parent);
}

/* VTEX sends its user token as a header, and browsers send it as a cookie. */
static struct str session_of(const struct web_request *request)
{
    struct str own = web_cookie(request, "vinc_b2b_session");
    struct str header = web_header(request, "vtexidclientautcookie");

    return own.p ? own : header.p ? header : web_cookie(request, "VtexIdclientAutCookie");
}

static bool authenticate(struct call *call, struct request_fault *fault)
{
    const struct auth_request request = {
        .method = web_header(call->request, "x-auth-method"),
        .key_id = web_header(call->request, "x-api-key-id"),
        .secret = web_header(call->request, "x-api-secret"),
        .app_key = web_header(call->request, "x-vtex-api-appkey"),
        .app_token = web_header(call->request, "x-vtex-api-apptoken"),
        .authorization = web_header(call->request, "authorization"),
        .session = session_of(call->request),
    };
    struct err err;

    if (auth_check(call->app->auth, &request, &call->who, &err)) {
        return true;
    }
    if (err.kind != ERR_INVALID) {
        return refuse_error(fault, &err, PROBLEM_unauthenticated);
    }
    log_info("not let in: %s", err.msg);
    return request_refuse(fault, PROBLEM_unauthenticated, "%s", "");
}

/* VTEX's clients name their account in every address. */
static bool check_account(const struct call *call, struct request_fault *fault)
{
    struct str account = web_query(call->request, "an");

    return !account.p || str_is(account, call->who.tenant) ||
           request_refuse(fault, PROBLEM_account_mismatch, "an names another account");
}

static bool authorize(const struct call *call, unsigned permissions, struct request_fault *fault)
{
    if (call->who.permissions & permissions) {
        return true;
    }
    return request_refuse(fault, PROBLEM_forbidden, "the credential lacks the permission %s",
                          permissions == AUTH_CUSTOMERS ? "'customers'"
                          : permissions == AUTH_IMPORT  ? "'import'"
                                                        : "'customers' or 'import'");
}

static bool admit(struct call *call, const struct route *route, struct request_fault *fault)
{
    bool has_tenant = route->permissions != NO_CREDENTIAL;
    struct err err;

    if (has_tenant && (!authenticate(call, fault) || !check_account(call, fault) ||
                       !authorize(call, route->permissions, fault))) {
        return false;
    }
    log_set_context(&(struct log_context){.tenant = call->who.tenant, .trace_id = call->trace_id});
    if (!store_session_open(call->app->store, &call->session, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    return !has_tenant || allowance_enter(call, fault);
}

static void serve(const struct route *route, struct ingress *app, struct web_request *request,
                  struct web_reply *reply)
{
    struct call call = {.access = {.method = route->method,
                                   .pattern = route->pattern,
                                   .start_ms = clock_monotonic_ms(),
                                   .body_bytes = request->body.n},
                        .app = app,
                        .request = request,
                        .reply = reply,
                        .arena = request->arena,
                        .now_ms = clock_now_ms()};
    struct request_fault fault;

    note_inflight_bytes(app);
    start_trace(&call);
    log_set_context(&(struct log_context){.trace_id = call.trace_id});
    if (admit(&call, route, &fault)) {
        route->handle(&call);
    } else {
        reply_fault(reply, &fault);
    }
    allowance_leave(&call);
    store_session_close(call.session);
    if (!call.is_deferred) {
        access_note(&call.access, reply);
    }
    log_clear_context();
}

#define DEFINE_ENTRY(method, pattern, permissions, handler)                                        \
    static void serve_##handler(void *app, struct web_request *request, struct web_reply *reply)   \
    {                                                                                              \
        serve(&(const struct route){method, pattern, permissions, handler}, app, request, reply);  \
    }
UPLOADS(DEFINE_ENTRY)
ROUTES(DEFINE_ENTRY)

static void reply_text(struct web_reply *reply, int status, const char *text)
{
    reply->status = status;
    reply->content_type = "text/plain; charset=utf-8";
    buf_adds(&reply->body, text);
}

static void show_health(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)app;
    (void)request;
    reply_text(reply, 200, "ok\n");
}

/* Stays ready while Kafka or MongoDB is away: reads and 503s with Retry-After tell a partner
 * more than a closed door. */
static void show_readiness(void *app, struct web_request *request, struct web_reply *reply)
{
    const struct ingress *ingress = app;

    (void)request;
    if (runtime_should_stop(ingress->runtime)) {
        reply_text(reply, 503, "stopping\n");
    } else {
        reply_text(reply, 200, "ready\n");
    }
}

static void show_metrics(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)request;
    note_inflight_bytes(app);
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_print(&reply->body);
}

#define UPLOAD(method, pattern, permissions, handler)                                              \
    {method, pattern, serve_##handler, WEB_UPLOAD},
#define ENTRY(method, pattern, permissions, handler) {method, pattern, serve_##handler, WEB_PLAIN},

const struct web_route ingress_routes[] = {{"GET", "/healthz", show_health, WEB_ON_LOOP},
                                           {"GET", "/readyz", show_readiness, WEB_ON_LOOP},
                                           {"GET", "/metrics", show_metrics, WEB_ON_LOOP},
                                           UPLOADS(UPLOAD) ROUTES(ENTRY)};

const size_t ingress_route_count = sizeof(ingress_routes) / sizeof(ingress_routes[0]);
