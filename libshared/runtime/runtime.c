#include "runtime/runtime.h"

#include "base/clock.h"
#include "config/config.h"
#include "log/log.h"
#include "runtime/metrics.h"
#include "web/web.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum {
    HEALTH_WORKERS = 1,
    HEALTH_CONNECTIONS = 64,
    HEALTH_BODY_BYTES = 4096,
    HEALTH_TIMEOUT_MS = 5000,
    HEALTH_DRAIN_MS = 1000,
};

struct runtime {
    pthread_t waiter; /* the one thread that signals reach */
    bool has_waiter;
    struct web_server *server;

    atomic_bool is_ready;
    atomic_bool is_stopping;
    int64_t drain_timeout_ms;
    int64_t leave_at_ms; /* written before is_stopping becomes true, read after */
    pthread_mutex_t lock;
    pthread_cond_t stopped; /* is_stopping became true */
};

/* ---- health and metrics ---- */

static void reply_status(struct web_reply *reply, int status, const char *word)
{
    reply->status = status;
    buf_printf(&reply->body, "{\"status\":\"%s\"}", word);
}

static void answer_healthz(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)app;
    (void)request;
    reply_status(reply, 200, "ok");
}

static void answer_readyz(void *app, struct web_request *request, struct web_reply *reply)
{
    const struct runtime *runtime = app;

    (void)request;
    if (runtime_should_stop(runtime)) {
        reply_status(reply, 503, "stopping");
    } else if (!atomic_load(&runtime->is_ready)) {
        reply_status(reply, 503, "not ready");
    } else {
        reply_status(reply, 200, "ok");
    }
}

static void answer_metrics(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)app;
    (void)request;
    reply->content_type = "text/plain; version=0.0.4";
    metrics_print(&reply->body);
}

/* The server has set the status; these pages are for machines that look no further. */
static void answer_trouble(enum web_trouble trouble, struct web_reply *reply)
{
    (void)trouble;
    buf_adds(&reply->body, "{\"status\":\"refused\"}");
}

static const struct web_route routes[] = {
    {"GET", "/healthz", answer_healthz, WEB_ON_LOOP},
    {"GET", "/readyz", answer_readyz, WEB_ON_LOOP},
    {"GET", "/metrics", answer_metrics, WEB_ON_LOOP},
};

static bool serve_health(struct runtime *runtime, const struct config *config, struct err *err)
{
    struct web_options options = {
        .address = config->listen_address,
        .port = (int)config->metrics_port,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
        .app = runtime,
        .workers = HEALTH_WORKERS,
        .queue_length = HEALTH_CONNECTIONS,
        .max_body_bytes = HEALTH_BODY_BYTES,
        .max_inflight_bytes = HEALTH_BODY_BYTES * HEALTH_CONNECTIONS,
        .max_connections = HEALTH_CONNECTIONS,
        .request_timeout_ms = HEALTH_TIMEOUT_MS,
        .problem = answer_trouble,
    };

    return web_server_open(&options, &runtime->server, err) ||
           err_context(err, "health and metrics page");
}

/* ---- signals ---- */

static sigset_t stop_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

static void *wait_for_signal(void *arg)
{
    struct runtime *runtime = arg;
    sigset_t signals = stop_signals();
    int signal_number;

    sigwait(&signals, &signal_number);
    pthread_mutex_lock(&runtime->lock);
    runtime->leave_at_ms = clock_monotonic_ms() + runtime->drain_timeout_ms;
    atomic_store(&runtime->is_stopping, true);
    pthread_cond_broadcast(&runtime->stopped);
    pthread_mutex_unlock(&runtime->lock);
    return NULL;
}

static bool catch_signals(struct runtime *runtime, struct err *err)
{
    sigset_t signals = stop_signals();

    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    int failed = pthread_create(&runtime->waiter, NULL, wait_for_signal, runtime);

    if (failed) {
        return err_set(err, ERR_INTERNAL, "signal thread: %s", strerror(failed));
    }
    runtime->has_waiter = true;
    return true;
}

/* ---- life ---- */

bool runtime_open(const struct config *config, const char *program, struct runtime **out,
                  struct err *err)
{
    if (!log_open(program, config->log_level, err)) {
        return false;
    }
    struct runtime *runtime = mem_calloc(1, sizeof(*runtime));

    runtime->drain_timeout_ms = config->drain_timeout_ms;
    pthread_mutex_init(&runtime->lock, NULL);
    pthread_cond_init(&runtime->stopped, NULL);
    if (!catch_signals(runtime, err) || !serve_health(runtime, config, err)) {
        runtime_close(runtime);
        return false;
    }
    *out = runtime;
    return true;
}

void runtime_close(struct runtime *runtime)
{
    if (!runtime) {
        return;
    }
    web_server_close(runtime->server, HEALTH_DRAIN_MS);
    if (runtime->has_waiter) {
        if (!runtime_should_stop(runtime)) {
            pthread_kill(runtime->waiter, SIGTERM);
        }
        pthread_join(runtime->waiter, NULL);
    }
    pthread_cond_destroy(&runtime->stopped);
    pthread_mutex_destroy(&runtime->lock);
    mem_free(runtime);
}

int runtime_port(const struct runtime *runtime)
{
    return web_server_port(runtime->server);
}

bool runtime_should_stop(const struct runtime *runtime)
{
    return atomic_load(&runtime->is_stopping);
}

int64_t runtime_drain_left_ms(const struct runtime *runtime)
{
    if (!runtime) {
        return 0;
    }
    if (!runtime_should_stop(runtime)) {
        return runtime->drain_timeout_ms;
    }
    int64_t left_ms = runtime->leave_at_ms - clock_monotonic_ms();

    return left_ms > 0 ? left_ms : 0;
}

void runtime_wait_for_stop(struct runtime *runtime)
{
    pthread_mutex_lock(&runtime->lock);
    while (!runtime_should_stop(runtime)) {
        pthread_cond_wait(&runtime->stopped, &runtime->lock);
    }
    pthread_mutex_unlock(&runtime->lock);
}

void runtime_set_ready(struct runtime *runtime, bool ready)
{
    atomic_store(&runtime->is_ready, ready);
}
