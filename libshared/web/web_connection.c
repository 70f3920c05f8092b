#include "web/web_internal.h"

#include "base/clock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client's connection: first the socket that h2o speaks HTTP on, then perhaps one that only
 * lingers. */
struct connection {
    h2o_linklist_t link;
    struct web_server *server;
    h2o_socket_t *sock;
    int linger_fd; /* a second descriptor of the connection, which outlives the one h2o closes; -1:
                      none */
    SSL_CTX *tls;  /* a reference of its own; NULL without TLS */
    h2o_timeout_entry_t timeout; /* of the TLS handshake, then of lingering */
};

static void linger_start(struct connection *connection);

static void connection_free(struct connection *connection)
{
    struct web_server *server = connection->server;

    h2o_linklist_unlink(&connection->link);
    SSL_CTX_free(connection->tls);
    mem_free(connection);
    server->connection_count--;
    web_listener_update(server);
}

static void on_socket_closed(void *ctx)
{
    struct connection *connection = ctx;

    if (connection->linger_fd >= 0) {
        linger_start(connection);
    } else {
        connection_free(connection);
    }
}

static void use_socket(struct connection *connection, h2o_socket_t *sock)
{
    connection->sock = sock;
    sock->on_close.cb = on_socket_closed;
    sock->on_close.data = connection;
}

/* h2o has no time-out for writing: a client that takes nothing would keep its place and its answer
 * for ever. */
static void limit_unread_answers(h2o_socket_t *sock, int64_t timeout_ms)
{
    unsigned int ms = (unsigned int)timeout_ms;

    setsockopt(h2o_socket_get_fd(sock), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* ---- limits of bodies ---- */

/* Cuts the text up to the first of these bytes off `rest`; false when there is none. */
static bool cut(struct str *rest, const char *bytes, struct str *out)
{
    for (size_t n = 0; n < rest->n; n++) {
        if (strchr(bytes, rest->p[n])) {
            *out = (struct str){rest->p, n};
            *rest = (struct str){rest->p + n + 1, rest->n - n - 1};
            return true;
        }
    }
    return false;
}

/* While it is read, a request stands at the front of the input: "POST /path?query HTTP/1.1". */
static size_t limit_of_input(const struct web_server *server, const h2o_buffer_t *input)
{
    struct str rest = {input->bytes, input->size < H2O_MAX_REQLEN ? input->size : H2O_MAX_REQLEN};
    struct web_match match = {0};
    struct str method;
    struct str path;

    if (cut(&rest, " \r\n", &method) && cut(&rest, " ?\r\n", &path)) {
        web_route_find(&server->options, method, path, &match);
    }
    return web_route_max_body(&server->options, match.route);
}

static void on_input(h2o_socket_t *sock, const char *err)
{
    struct web_server *server = ((struct connection *)sock->on_close.data)->server;

    server->config.max_request_entity_size = limit_of_input(server, sock->input);
    server->read_request(sock, err); /* may end the connection */
    server->config.max_request_entity_size = web_route_max_body(&server->options, NULL);
}

/*
 * h2o knows one limit for all routes, and looks at it when a body begins and while chunks arrive:
 * so the right one is put there before each reading. h2o takes the socket back with every request;
 * until this is called again, a body that is too large is refused when it has arrived.
 */
static void limit_body(struct connection *connection)
{
    h2o_socket_t *sock = connection->sock;

    if (sock->_cb.read && sock->_cb.read == connection->server->read_request) {
        sock->_cb.read = on_input;
    }
}

void web_connections_learn_reader(struct web_server *server)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        return;
    }
    h2o_socket_t *sock = h2o_evloop_socket_create(server->loop, ends[0], 0);

    h2o_accept(&server->accept, sock);
    server->read_request = sock->_cb.read;
    close(ends[1]); /* h2o sees it and closes the other end */
}

/* ---- beginning ---- */

/* Behind a TLS handshake the first request may have come already, and h2o takes it at once. */
static void speak_http(struct connection *connection)
{
    struct web_server *server = connection->server;
    h2o_socket_t *sock = connection->sock;

    server->config.max_request_entity_size = limit_of_input(server, sock->input);
    h2o_accept(&server->accept, sock);
    server->config.max_request_entity_size = web_route_max_body(&server->options, NULL);
}

static void on_handshake(h2o_socket_t *sock, const char *err)
{
    struct connection *connection = sock->on_close.data;

    h2o_timeout_unlink(&connection->timeout);
    if (err) {
        h2o_socket_close(sock);
    } else {
        speak_http(connection);
    }
}

static void on_handshake_timeout(h2o_timeout_entry_t *entry)
{
    h2o_socket_close(H2O_STRUCT_FROM_MEMBER(struct connection, timeout, entry)->sock);
}

static void shake_hands(struct connection *connection)
{
    struct web_server *server = connection->server;

    connection->tls = web_tls_context(server->tls);
    SSL_CTX_up_ref(connection->tls);
    connection->timeout.cb = on_handshake_timeout;
    h2o_timeout_link(server->loop, &server->context.http1.req_timeout, &connection->timeout);
    h2o_socket_ssl_handshake(connection->sock, connection->tls, NULL, on_handshake);
}

void web_connection_start(struct web_server *server, h2o_socket_t *sock)
{
    struct connection *connection = mem_calloc(1, sizeof(*connection));

    connection->server = server;
    connection->linger_fd = -1;
    use_socket(connection, sock);
    h2o_linklist_insert(&server->connections, &connection->link);
    server->connection_count++;
    limit_unread_answers(sock, server->options.request_timeout_ms);
    if (server->tls) {
        shake_hands(connection);
    } else {
        speak_http(connection);
        limit_body(connection);
    }
}

/* ---- lingering ---- */

void web_connection_linger(h2o_req_t *req)
{
    h2o_socket_t *sock = req->conn->callbacks->get_socket(req->conn);
    struct connection *connection = sock->on_close.data;

    /* When no descriptor is left, the client may lose the answer: nothing worse. */
    connection->linger_fd = fcntl(h2o_socket_get_fd(sock), F_DUPFD_CLOEXEC, 0);
}

static void linger_end(struct connection *connection)
{
    h2o_timeout_unlink(&connection->timeout);
    h2o_socket_close(connection->sock);
}

static void on_linger_read(h2o_socket_t *sock, const char *err)
{
    if (err) {
        linger_end(sock->data);
    } else {
        h2o_buffer_consume(&sock->input, sock->input->size);
    }
}

static void on_timeout(h2o_timeout_entry_t *entry)
{
    linger_end(H2O_STRUCT_FROM_MEMBER(struct connection, timeout, entry));
}

static void linger_start(struct connection *connection)
{
    struct web_server *server = connection->server;
    h2o_socket_t *sock = h2o_evloop_socket_create(server->loop, connection->linger_fd, 0);

    shutdown(connection->linger_fd, SHUT_WR);
    connection->linger_fd = -1;
    use_socket(connection, sock);
    sock->data = connection;
    connection->timeout.cb = on_timeout;
    h2o_timeout_link(server->loop, &server->context.http1.req_timeout, &connection->timeout);
    h2o_socket_read_start(sock, on_linger_read);
}

/* ---- cutting ---- */

/* Only the descriptors are shut: h2o then sees the end of the connection and frees its own state.
 */
static void shut(const struct connection *connection, int how)
{
    shutdown(h2o_socket_get_fd(connection->sock), how);
}

static struct connection *connection_at(h2o_linklist_t *node)
{
    return H2O_STRUCT_FROM_MEMBER(struct connection, link, node);
}

void web_connections_close_idle(struct web_server *server)
{
    h2o_linklist_t *end = &server->connections;

    for (h2o_linklist_t *node = end->next; node != end; node = node->next) {
        h2o_socket_t *sock = connection_at(node)->sock;

        if (h2o_socket_is_reading(sock) && sock->input->size == 0) {
            shut(connection_at(node), SHUT_RD);
        }
    }
}

void web_connections_cut(struct web_server *server)
{
    h2o_linklist_t *end = &server->connections;

    for (h2o_linklist_t *node = end->next; node != end; node = node->next) {
        h2o_socket_t *sock = connection_at(node)->sock;

        if (h2o_socket_is_reading(sock) || h2o_socket_is_writing(sock)) {
            shut(connection_at(node), SHUT_RDWR);
        }
    }
}

/* What h2o has read of a body and not shown us yet; a mere header is too little to count. */
static size_t arriving_bytes(const struct connection *connection)
{
    const size_t small = 64 * 1024;
    size_t size = connection->sock->input->size;

    return h2o_socket_is_reading(connection->sock) && size > small ? size : 0;
}

void web_connections_limit_input(struct web_server *server)
{
    h2o_linklist_t *end = &server->connections;
    size_t limit = server->options.max_inflight_bytes + H2O_MAX_REQLEN;
    int64_t now = clock_monotonic_ms();
    size_t total = 0;

    if (now < server->input_checked_at_ms + WEB_INPUT_CHECK_MS) {
        return;
    }
    server->input_checked_at_ms = now;
    for (h2o_linklist_t *node = end->next; node != end; node = node->next) {
        limit_body(connection_at(node));
        total += arriving_bytes(connection_at(node));
    }
    /* Oldest first: who holds memory by sending slowly goes before one that is quick. */
    for (h2o_linklist_t *node = end->next; node != end && total > limit; node = node->next) {
        size_t bytes = arriving_bytes(connection_at(node));

        if (bytes) {
            shut(connection_at(node), SHUT_RDWR);
            total -= bytes;
        }
    }
}
