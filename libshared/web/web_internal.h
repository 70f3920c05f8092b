#pragma once

#include "web/web.h"
#include "web/web_route.h"
#include "web/web_tls.h"
#include "web/web_worker.h"

#include <h2o.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * Threads: all that touches h2o runs on the loop thread. Workers see only struct web_request and
 * struct web_reply of an exchange, and come back with h2o_multithread_send_message.
 */
struct web_server {
    struct web_options options;
    int port;
    int listener_fd; /* handed to the loop thread, which wraps both in sockets */
    int control_fd;  /* an eventfd; the only way for web_server_close to speak to the loop */
    int64_t drain_deadline_ms; /* written before control_fd is, read after */
    pthread_t thread;
    struct web_pool *pool;
    struct web_tls *tls;        /* NULL: plain HTTP */
    pthread_mutex_t announcing; /* held while other threads use the queue of the loop */
    _Atomic size_t inflight_bytes;

    /* From here on for the loop thread only. */
    h2o_loop_t *loop;
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_multithread_receiver_t finished;
    h2o_socket_t *listener; /* NULL once draining */
    h2o_socket_t *control;
    h2o_timeout_entry_t accept_pause;
    h2o_linklist_t connections;
    size_t connection_count;
    int64_t input_checked_at_ms;
    h2o_socket_cb read_request; /* h2o's own callback for input */
    h2o_linklist_t exchanges;   /* requests that workers have or will get, and deferred ones */
    bool is_draining;
};

static inline struct web_server *web_server_of(const h2o_req_t *req)
{
    return H2O_STRUCT_FROM_MEMBER(struct web_server, context, req->conn->ctx);
}

/* ---- web_listener.c ---- */

/* Binds and listens; sets listener_fd and port. */
bool web_listener_bind(struct web_server *server, struct err *err) MUST_USE;
void web_listener_start(struct web_server *server);
void web_listener_stop(struct web_server *server);

/* Accepts only while there is room for a connection. To be called when their number has changed. */
void web_listener_update(struct web_server *server);

/* ---- web_connection.c ---- */

void web_connection_start(struct web_server *server, h2o_socket_t *sock);

/* Finds out which callback h2o reads requests with. To be called once, before the first connection.
 */
void web_connections_learn_reader(struct web_server *server);

/*
 * Makes the connection of `req` read on and throw away after its answer, until the client stops or
 * the request time-out is over. Without it the kernel answers bytes that are still coming with a
 * reset, and the client loses the answer.
 */
void web_connection_linger(h2o_req_t *req);

/* Closes the connections that are between two requests. */
void web_connections_close_idle(struct web_server *server);

/* Cuts whatever is being sent or received. */
void web_connections_cut(struct web_server *server);

/*
 * Keeps to the limits of what arrives: cuts the oldest uploads while all together exceed the bytes
 * in flight, and lets h2o refuse a body that is too large for its route. To be called after each
 * turn of the loop, and at least every WEB_INPUT_CHECK_MS while there are connections.
 */
enum { WEB_INPUT_CHECK_MS = 50 };
void web_connections_limit_input(struct web_server *server);

/* ---- web_exchange.c ---- */

/* The h2o handler of every request that arrived in full. */
int web_exchange_on_request(h2o_handler_t *handler, h2o_req_t *req);

/* The callbacks of the pool. */
void web_exchange_run(struct web_job *job);
void web_exchange_done(struct web_job *job);

/* Answers what came back from the workers. */
void web_exchange_on_finished(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages);

/* Refuses the requests that no worker has begun, and those whose answer was deferred. */
void web_exchanges_refuse(struct web_server *server);

/* ---- web_reply.c ---- */

void web_reply_init(struct web_reply *reply, int status);

/* Puts status and headers on the response and moves the body into the request's pool. */
h2o_iovec_t web_reply_apply(struct web_reply *reply, h2o_req_t *req);

/* Sends the reply; its body is moved, the rest copied. */
void web_reply_send(struct web_reply *reply, h2o_req_t *req);

/* ---- web_trouble.c ---- */

/* Answers without a handler. */
void web_trouble_answer(h2o_req_t *req, enum web_trouble trouble);

/* Registers the filter that puts our problem body into the answers that h2o makes by itself. */
void web_trouble_register(h2o_pathconf_t *path);
