#include "web/web_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool resolve(const struct web_options *options, struct addrinfo **out, struct err *err)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    char port[8];

    snprintf(port, sizeof(port), "%d", options->port & 0xffff);
    int failure = getaddrinfo(options->address, port, &hints, out);

    if (failure) {
        return err_set(err, ERR_INVALID, "listen address %s: %s", options->address,
                       gai_strerror(failure));
    }
    return true;
}

static bool listen_on(int fd, const struct addrinfo *address)
{
    int on = 1;

    return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0;
}

static int port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

bool web_listener_bind(struct web_server *server, struct err *err)
{
    struct addrinfo *address;

    if (!resolve(&server->options, &address, err)) {
        return false;
    }
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (!listen_on(fd, address)) {
        err_set(err, ERR_UNAVAILABLE, "listening on %s port %d: %s", server->options.address,
                server->options.port, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        freeaddrinfo(address);
        return false;
    }
    freeaddrinfo(address);
    server->listener_fd = fd;
    server->port = port_of(fd);
    return true;
}

/* Without a pause a process that is out of descriptors would be told of the waiting connection over
 * and over. */
static void pause_accepting(struct web_server *server)
{
    h2o_socket_read_stop(server->listener);
    h2o_timeout_link(server->loop, &server->context.hundred_ms_timeout, &server->accept_pause);
}

static void on_pause_over(h2o_timeout_entry_t *entry)
{
    web_listener_update(H2O_STRUCT_FROM_MEMBER(struct web_server, accept_pause, entry));
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    struct web_server *server = listener->data;

    if (err) {
        return;
    }
    while (server->connection_count < server->options.max_connections) {
        h2o_socket_t *sock = h2o_evloop_socket_accept(listener);

        if (!sock) {
            if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
                pause_accepting(server);
            }
            return;
        }
        web_connection_start(server, sock);
    }
    web_listener_update(server);
}

void web_listener_update(struct web_server *server)
{
    if (!server->listener || h2o_timeout_is_linked(&server->accept_pause)) {
        return;
    }
    bool has_room = server->connection_count < server->options.max_connections;

    if (has_room && !h2o_socket_is_reading(server->listener)) {
        h2o_socket_read_start(server->listener, on_accept);
    } else if (!has_room && h2o_socket_is_reading(server->listener)) {
        h2o_socket_read_stop(server->listener);
    }
}

void web_listener_start(struct web_server *server)
{
    server->listener =
        h2o_evloop_socket_create(server->loop, server->listener_fd, H2O_SOCKET_FLAG_DONT_READ);
    server->listener->data = server;
    server->accept_pause.cb = on_pause_over;
    web_listener_update(server);
}

void web_listener_stop(struct web_server *server)
{
    h2o_timeout_unlink(&server->accept_pause);
    h2o_socket_close(server->listener);
    server->listener = NULL;
}
