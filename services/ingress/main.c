#include "ingress.h"
#include "allowance.h"
#include "reply.h"
#include "routes.h"
#include "sync.h"
#include "waiter.h"

#include "base/mem.h"
#include "blob/blob.h"
#include "bus/bus.h"
#include "log/log.h"
#include "quota/quota.h"
#include "runtime/runtime.h"
#include "search/search.h"
#include "store/jwt_keys.h"
#include "store/keys.h"
#include "store/sessions.h"

#include <stdlib.h>

enum {
    QUEUE_LENGTH = 256, /* requests that wait for a worker: a few seconds of work */
    BUS_PATIENCE_MS = 5000,
    FORM_BYTES = 64 * 1024, /* what a form may have around its file */
};

static bool open_auth(struct ingress *app, struct err *err)
{
    const struct auth_loader loader = {
        .ctx = app->store,
        .key = keys_load,
        .session = sessions_load,
        .jwt_key = jwt_keys_load,
    };

    return auth_open(app->config, &loader, &app->auth, err);
}

static bool open_all(struct ingress *app, struct err *err)
{
    app->quota = allowance_open(app->config);
    return store_open(app->config, &app->store, err) && open_auth(app, err) &&
           bus_producer_open(app->config, &app->producer, err) &&
           blobs_open(app->config, app->store, &app->blobs, err) &&
           search_open(app->config, &app->search, err) && sync_open(app->store, &app->waiter, err);
}

static void close_all(struct ingress *app)
{
    waiter_close(app->waiter);
    search_close(app->search);
    blobs_close(app->blobs);
    bus_producer_close(app->producer, runtime_drain_left_ms(app->runtime));
    auth_close(app->auth);
    store_close(app->store);
    quota_free(app->quota);
}

static bool serve(struct ingress *app, struct err *err)
{
    const struct config *config = app->config;
    struct web_server *server;
    struct web_options options = {.address = config->listen_address,
                                  .port = (int)config->port,
                                  .routes = ingress_routes,
                                  .route_count = ingress_route_count,
                                  .app = app,
                                  .workers = (size_t)config->workers,
                                  .queue_length = QUEUE_LENGTH,
                                  .max_body_bytes = (size_t)config->max_body_bytes,
                                  .max_upload_bytes = (size_t)config->max_file_bytes + FORM_BYTES,
                                  .max_inflight_bytes = (size_t)config->max_inflight_bytes,
                                  .tls_cert_file = *config->tls_cert ? config->tls_cert : NULL,
                                  .tls_key_file = config->tls_key,
                                  .max_connections = (size_t)config->max_connections,
                                  .request_timeout_ms = config->request_timeout_ms,
                                  .problem = reply_trouble};

    if (!bus_producer_await_up(app->producer, BUS_PATIENCE_MS)) {
        log_warn("Kafka does not answer: imports are refused until it does");
    }
    if (!web_server_open(&options, &server, err)) {
        return false;
    }
    app->server = server;
    log_info("listening on %s:%d", config->listen_address, web_server_port(server));
    runtime_set_ready(app->runtime, true);
    runtime_wait_for_stop(app->runtime);
    runtime_set_ready(app->runtime, false);
    waiter_hurry(app->waiter);
    web_server_close(server, runtime_drain_left_ms(app->runtime));
    return true;
}

int main(void)
{
    struct config config = {0};
    struct ingress app = {.config = &config};
    struct err err;

    mem_return_large_blocks();
    bool ok = config_load(&config, &err) &&
              runtime_open(&config, "consign-ingress", &app.runtime, &err) &&
              open_all(&app, &err) && serve(&app, &err);
    if (!ok) {
        log_error("%s", err.msg);
    }
    close_all(&app);
    runtime_close(app.runtime);
    config_done(&config);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
