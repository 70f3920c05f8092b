#include "web/web_internal.h"

#include "web/web_headers.h"
#include "web/web_uri.h"

#include <assert.h>

enum { BODY_PADDING = 64 };

/*
 * One request on its way: copied from h2o, worked on by a worker, answered through h2o. Its handler
 * holds it, and so does whoever is to answer later: the last one to let go of it announces it to
 * the loop, which answers and frees it.
 */
struct exchange {
    struct web_request request; /* its arena is NULL after a handler that deferred */
    struct web_reply reply;
    struct web_later later;
    struct web_server *server;
    const struct web_route *route;
    char *body;        /* NULL when there is nothing to free */
    size_t body_bytes; /* what it counts in inflight_bytes */
    struct web_job job;
    h2o_multithread_message_t message;
    _Atomic int holders;
    _Atomic bool is_deferred;
    /* For the loop thread only: */
    h2o_linklist_t link;     /* in the server's exchanges */
    h2o_req_t *req;          /* NULL once h2o disposed of it, or once it was refused */
    struct exchange **guard; /* in the pool of `req`; tells us of that moment */
};

void web_release_body(struct web_request *request)
{
    struct exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct exchange, request, request);

    if (exchange->body) {
        mem_free(exchange->body);
        exchange->body = NULL;
        atomic_fetch_sub(&exchange->server->inflight_bytes, exchange->body_bytes);
    }
    request->body = (struct str){NULL, 0};
    request->body_padding = 0;
}

static void on_request_disposed(void *guard)
{
    struct exchange *exchange = *(struct exchange **)guard;

    if (exchange) {
        exchange->req = NULL;
        exchange->guard = NULL;
    }
}

static void exchange_free(struct exchange *exchange)
{
    if (exchange->guard) {
        *exchange->guard = NULL;
    }
    web_release_body(&exchange->request);
    buf_done(&exchange->reply.body);
    buf_done(&exchange->later.reply.body);
    arena_free(exchange->later.arena);
    arena_free(exchange->request.arena);
    mem_free(exchange);
}

static struct str copy(struct arena *arena, h2o_iovec_t text)
{
    return (struct str){arena_strndup(arena, text.base, text.len), text.len};
}

/* h2o has bounded their number and size (H2O_MAX_HEADERS, H2O_MAX_REQLEN), and made the names lower
 * case. */
static void copy_headers(struct web_request *request, const h2o_req_t *req)
{
    size_t capacity = req->headers.size + 1;
    struct web_headers *headers =
        arena_alloc(request->arena, sizeof(*headers) + capacity * sizeof(headers->items[0]));

    headers->count = 0;
    /* h2o keeps the host apart, and puts the configured one in when the client named none. */
    if (req->authority.base != req->hostconf->authority.hostport.base) {
        headers->items[0].name = STR("host");
        headers->items[0].value = copy(request->arena, req->authority);
        headers->count = 1;
    }
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *header = &req->headers.entries[i];

        headers->items[headers->count].name = copy(request->arena, *header->name);
        headers->items[headers->count].value = copy(request->arena, header->value);
        headers->count++;
    }
    request->headers = headers;
}

static struct exchange *exchange_new(h2o_req_t *req, const struct web_route *route)
{
    struct exchange *exchange = mem_calloc(1, sizeof(*exchange));
    struct web_request *request = &exchange->request;
    struct arena *arena = arena_new();

    exchange->server = web_server_of(req);
    exchange->route = route;
    exchange->holders = 1;
    exchange->req = req;
    exchange->guard =
        h2o_mem_alloc_shared(&req->pool, sizeof(struct exchange *), on_request_disposed);
    *exchange->guard = exchange;
    web_reply_init(&exchange->reply, 200);
    request->arena = arena;
    request->method = copy(arena, req->method);
    request->path = copy(arena, req->path);
    if (req->query_at != SIZE_MAX) {
        request->query =
            (struct str){request->path.p + req->query_at + 1, request->path.n - req->query_at - 1};
        request->path.n = req->query_at;
    }
    copy_headers(request, req);
    return exchange;
}

static bool decode_params(struct web_request *request, const struct web_match *match)
{
    for (size_t i = 0; i < match->param_count; i++) {
        if (!web_uri_decode_segment(request->arena, match->params[i], &request->params[i])) {
            return false;
        }
    }
    return true;
}

/*
 * Frees what h2o read from the connection, which is then held twice. Sound because h2o copied the
 * header of a request with a body into the request's pool, and the connection ends with the answer.
 */
static void drop_input(h2o_req_t *req)
{
    h2o_socket_t *sock = req->conn->callbacks->get_socket(req->conn);

    req->entity = h2o_iovec_init(NULL, 0);
    h2o_buffer_consume(&sock->input, sock->input->size);
}

/* False when the bytes in flight would become too many. Only this thread adds, so the check cannot
 * be overtaken. */
static bool take_body(struct exchange *exchange)
{
    struct web_server *server = exchange->server;
    h2o_iovec_t entity = exchange->req->entity;
    char *body;

    if (entity.len) {
        if (entity.len >
            server->options.max_inflight_bytes - atomic_load(&server->inflight_bytes)) {
            return false;
        }
        atomic_fetch_add(&server->inflight_bytes, entity.len);
        exchange->body_bytes = entity.len;
        exchange->body = mem_alloc(entity.len + BODY_PADDING);
        body = memcpy(exchange->body, entity.base, entity.len);
        drop_input(exchange->req);
    } else {
        body = arena_alloc(exchange->request.arena, BODY_PADDING);
    }
    memset(body + entity.len, 0, BODY_PADDING);
    exchange->request.body = (struct str){body, entity.len};
    exchange->request.body_padding = BODY_PADDING;
    return true;
}

static void answer(struct exchange *exchange)
{
    if (exchange->req) {
        web_reply_send(exchange->is_deferred ? &exchange->later.reply : &exchange->reply,
                       exchange->req);
    }
    exchange_free(exchange);
}

static void let_go(struct exchange *exchange)
{
    struct web_server *server = exchange->server;

    if (atomic_fetch_sub(&exchange->holders, 1) == 1) {
        pthread_mutex_lock(&server->announcing);
        h2o_multithread_send_message(&server->finished, &exchange->message);
        pthread_mutex_unlock(&server->announcing);
    }
}

static void copy_reply_headers(struct web_later *later, const struct web_reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        web_reply_header(&later->reply, arena_strdup(later->arena, reply->headers[i].name),
                         arena_strdup(later->arena, reply->headers[i].value));
    }
}

struct web_later *web_defer(struct web_request *request)
{
    struct exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct exchange, request, request);
    struct web_later *later = &exchange->later;

    assert(exchange->route->kind != WEB_ON_LOOP && !exchange->is_deferred);
    later->arena = arena_new();
    web_reply_init(&later->reply, 200);
    copy_reply_headers(later, &exchange->reply);
    atomic_fetch_add(&exchange->holders, 1);
    exchange->is_deferred = true;
    return later;
}

void web_later_send(struct web_later *later)
{
    let_go(H2O_STRUCT_FROM_MEMBER(struct exchange, later, later));
}

void web_exchange_run(struct web_job *job)
{
    struct exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct exchange, job, job);

    exchange->route->handle(exchange->server->options.app, &exchange->request, &exchange->reply);
    web_release_body(&exchange->request);
    if (exchange->is_deferred) {
        /* What the handler read may be large, and the answer may be long in coming. */
        arena_free(STEAL(exchange->request.arena));
    }
}

void web_exchange_done(struct web_job *job)
{
    let_go(H2O_STRUCT_FROM_MEMBER(struct exchange, job, job));
}

void web_exchange_on_finished(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    (void)receiver;
    while (!h2o_linklist_is_empty(messages)) {
        struct exchange *exchange =
            H2O_STRUCT_FROM_MEMBER(struct exchange, message.link, messages->next);

        h2o_linklist_unlink(&exchange->message.link);
        h2o_linklist_unlink(&exchange->link);
        answer(exchange);
    }
}

/* Answers without a handler; the exchange lives on without its request. */
static void refuse(struct exchange *exchange, enum web_trouble trouble)
{
    h2o_req_t *req = exchange->req;

    if (req) {
        *exchange->guard = NULL;
        exchange->guard = NULL;
        exchange->req = NULL;
        web_trouble_answer(req, trouble);
    }
}

static void refuse_and_free(struct exchange *exchange, enum web_trouble trouble)
{
    refuse(exchange, trouble);
    exchange_free(exchange);
}

void web_exchanges_refuse(struct web_server *server)
{
    h2o_linklist_t *end = &server->exchanges;
    struct web_job *job;

    while ((job = web_pool_take_back(server->pool)) != NULL) {
        struct exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct exchange, job, job);

        h2o_linklist_unlink(&exchange->link);
        refuse_and_free(exchange, WEB_DRAINING);
    }
    for (h2o_linklist_t *node = end->next; node != end; node = node->next) {
        struct exchange *exchange = H2O_STRUCT_FROM_MEMBER(struct exchange, link, node);

        if (exchange->is_deferred) {
            refuse(exchange, WEB_DRAINING);
        }
    }
}

static void start(struct exchange *exchange)
{
    struct web_server *server = exchange->server;
    bool has_room = take_body(exchange);

    if (has_room && exchange->route->kind == WEB_ON_LOOP) {
        web_exchange_run(&exchange->job);
        answer(exchange);
    } else if (has_room && web_pool_submit(server->pool, &exchange->job)) {
        h2o_linklist_insert(&server->exchanges, &exchange->link);
    } else {
        refuse_and_free(exchange, WEB_OVERLOADED);
    }
}

static void route_request(h2o_req_t *req)
{
    struct str method = {req->method.base, req->method.len};
    struct str path = {req->path.base, req->query_at == SIZE_MAX ? req->path.len : req->query_at};
    struct web_match match;

    web_route_find(&web_server_of(req)->options, method, path, &match);
    if (req->entity.len > web_route_max_body(&web_server_of(req)->options, match.route)) {
        web_trouble_answer(req, WEB_BODY_TOO_LARGE);
    } else if (match.route) {
        struct exchange *exchange = exchange_new(req, match.route);

        if (decode_params(&exchange->request, &match)) {
            start(exchange);
        } else {
            refuse_and_free(exchange, WEB_NO_ROUTE);
        }
    } else if (match.allow[0]) {
        h2o_iovec_t allow = h2o_strdup(&req->pool, match.allow, SIZE_MAX);

        h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("allow"), 1, NULL,
                              allow.base, allow.len);
        web_trouble_answer(req, WEB_BAD_METHOD);
    } else {
        web_trouble_answer(req, WEB_NO_ROUTE);
    }
}

int web_exchange_on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    if (req->entity.base) {
        /* h2o takes the first of two Content-Lengths, and does not show them: what follows cannot
         * be trusted. */
        req->http1_is_persistent = 0;
    }
    route_request(req);
    return 0;
}
