#include "web/web_internal.h"

#include "base/clock.h"
#include "web/web_thread.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- h2o, from the loop thread only: its caches and buffers belong to the thread that made them
 * ---- */

/* h2o moves input beyond 32 MiB to files under /tmp, which a read-only container does not have. */
static void keep_input_in_memory(void)
{
    h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX;
}

static void configure(struct web_server *server)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    h2o_globalconf_t *config = &server->config;

    pthread_once(&once, keep_input_in_memory);
    h2o_config_init(config);
    config->server_name = h2o_iovec_init(NULL, 0);
    config->http1.req_timeout = (uint64_t)server->options.request_timeout_ms;
    /* HTTP/1.1 only: this release has no defence against HTTP/2 floods, and frees requests that
     * workers still have. */
    config->http1.upgrade_to_http2 = 0;
    config->http2.callbacks = (h2o_protocol_callbacks_t){NULL, NULL};
    config->max_request_entity_size = web_route_max_body(&server->options, NULL);

    h2o_hostconf_t *host =
        h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_handler_t *handler =
        h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(*handler));

    handler->on_req = web_exchange_on_request;
    /* Every path lies under "/", so only the errors that h2o answers by itself take the fallback.
     */
    web_trouble_register(&host->fallback_path);
}

static void on_close_asked(h2o_socket_t *control, const char *err)
{
    struct web_server *server = control->data;

    (void)err;
    h2o_socket_read_stop(control);
    server->is_draining = true;
    h2o_context_request_shutdown(&server->context);
    web_listener_stop(server);
}

static void set_up(struct web_server *server)
{
    h2o_linklist_init_anchor(&server->connections);
    h2o_linklist_init_anchor(&server->exchanges);
    configure(server);
    server->loop = h2o_evloop_create();
    h2o_context_init(&server->context, server->loop, &server->config);
    server->accept.ctx = &server->context;
    server->accept.hosts = server->config.hosts;
    h2o_multithread_register_receiver(server->context.queue, &server->finished,
                                      web_exchange_on_finished);
    server->control = h2o_evloop_socket_create(server->loop, server->control_fd, 0);
    server->control->data = server;
    h2o_socket_read_start(server->control, on_close_asked);
    web_connections_learn_reader(server);
    web_listener_start(server);
}

/* h2o keeps memory per thread for reuse and has no call to give it back at the thread's end. */
static void free_thread_caches(void)
{
    h2o_mem_recycle_t *buffers = &h2o_socket_buffer_prototype.allocator;
    const size_t max_chunks = 16; /* of the allocator behind h2o_mem_alloc_pool */

    while (buffers->cnt) {
        free(h2o_mem_alloc_recycle(buffers, 0));
    }
    for (size_t i = 0; i < max_chunks; i++) {
        h2o_mem_pool_t pool;

        h2o_mem_init_pool(&pool);
        h2o_mem_alloc_pool(&pool, 1);
        free(pool.chunks);
    }
}

static void tear_down(struct web_server *server)
{
    h2o_multithread_queue_t *queue = server->context.queue;

    h2o_socket_close(server->control);
    h2o_multithread_unregister_receiver(queue, &server->finished);
    h2o_context_dispose(&server->context);
    free(queue); /* h2o_multithread_destroy_queue closes it only */
    h2o_evloop_destroy(server->loop);
    h2o_config_dispose(&server->config);
    free_thread_caches();
}

/* ---- the loop thread ---- */

static void drain(struct web_server *server)
{
    web_connections_close_idle(server);
    if (clock_monotonic_ms() >= server->drain_deadline_ms) {
        web_exchanges_refuse(server);
        web_connections_cut(server);
    }
}

static void *loop_main(void *ctx)
{
    struct web_server *server = ctx;

    set_up(server);
    while (!server->is_draining) {
        h2o_evloop_run(server->loop, server->connection_count ? WEB_INPUT_CHECK_MS : INT32_MAX);
        web_connections_limit_input(server);
    }
    while (server->connection_count || !h2o_linklist_is_empty(&server->exchanges)) {
        drain(server);
        h2o_evloop_run(server->loop, WEB_INPUT_CHECK_MS);
        web_connections_limit_input(server);
    }
    web_pool_close(server->pool);
    /* The thread that announced the last answer may still be inside the queue. */
    pthread_mutex_lock(&server->announcing);
    pthread_mutex_unlock(&server->announcing);
    tear_down(server);
    return NULL;
}

/* ---- life of the server ---- */

static bool are_limits_sound(const struct web_options *options, struct err *err)
{
    size_t largest = web_route_max_body(options, NULL);

    if (options->max_inflight_bytes < largest) {
        return err_set(err, ERR_INVALID, "%zu bytes in flight are less than one body of %zu",
                       options->max_inflight_bytes, largest);
    }
    if (options->max_connections == 0 || options->request_timeout_ms <= 0) {
        return err_set(err, ERR_INVALID, "a server needs connections and a request time-out");
    }
    for (size_t i = 0; i < options->route_count; i++) {
        if (options->workers == 0 && options->routes[i].kind != WEB_ON_LOOP) {
            return err_set(err, ERR_INVALID, "no workers for %s", options->routes[i].pattern);
        }
    }
    return true;
}

static bool start_threads(struct web_server *server, struct err *err)
{
    struct web_pool_options pool = {
        .threads = server->options.workers,
        .queue_length = server->options.queue_length,
        .run = web_exchange_run,
        .done = web_exchange_done,
    };

    server->control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->control_fd < 0) {
        return err_set(err, ERR_UNAVAILABLE, "eventfd: %s", strerror(errno));
    }
    if (web_pool_open(&pool, &server->pool, err)) {
        if (web_thread_start(&server->thread, "web-loop", loop_main, server, err)) {
            return true;
        }
        web_pool_close(server->pool);
    }
    close(server->control_fd);
    return false;
}

static void server_free(struct web_server *server)
{
    web_tls_close(server->tls);
    pthread_mutex_destroy(&server->announcing);
    mem_free(server);
}

static bool open_tls(struct web_server *server, struct err *err)
{
    const struct web_options *options = &server->options;

    return !options->tls_cert_file ||
           web_tls_open(options->tls_cert_file, options->tls_key_file, &server->tls, err);
}

bool web_server_open(const struct web_options *options, struct web_server **out, struct err *err)
{
    if (!are_limits_sound(options, err)) {
        return false;
    }
    struct web_server *server = mem_calloc(1, sizeof(*server));

    server->options = *options;
    pthread_mutex_init(&server->announcing, NULL);
    if (!open_tls(server, err) || !web_listener_bind(server, err)) {
        server_free(server);
        return false;
    }
    if (!start_threads(server, err)) {
        close(server->listener_fd);
        server_free(server);
        return false;
    }
    *out = server;
    return true;
}

int web_server_port(const struct web_server *server)
{
    return server->port;
}

size_t web_server_inflight_bytes(const struct web_server *server)
{
    return atomic_load(&server->inflight_bytes);
}

void web_server_close(struct web_server *server, int64_t timeout_ms)
{
    if (!server) {
        return;
    }
    server->drain_deadline_ms = clock_monotonic_ms() + timeout_ms;
    eventfd_write(server->control_fd, 1);
    pthread_join(server->thread, NULL);
    server_free(server);
}
