#include "support/raw_http.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static bool try_connect(int fd, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

int raw_socket(void)
{
    struct timeval limit = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return fd;
}

void raw_connect_socket(int fd, int port)
{
    assert_true(try_connect(fd, port));
}

int raw_connect(int port)
{
    int fd = raw_socket();

    raw_connect_socket(fd, port);
    return fd;
}

bool raw_is_refused(int port)
{
    int fd = raw_socket();
    bool is_refused = !try_connect(fd, port) && errno == ECONNREFUSED;

    close(fd);
    return is_refused;
}

bool raw_send_bytes(int fd, const void *p, size_t n)
{
    const char *at = p;

    while (n) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

bool raw_send(int fd, const char *text)
{
    return raw_send_bytes(fd, text, strlen(text));
}

void raw_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(fd);
}

void raw_read_head(int fd, struct raw_answer *answer)
{
    char c;

    *answer = (struct raw_answer){0};
    while (read(fd, &c, 1) == 1) {
        buf_addc(&answer->head, c);
        if (answer->head.len >= 4 &&
            memcmp(answer->head.data + answer->head.len - 4, "\r\n\r\n", 4) == 0) {
            assert_memory_equal(answer->head.data, "HTTP/1.1 ", 9);
            answer->status = (int)strtol(answer->head.data + 9, NULL, 10);
            return;
        }
    }
}

static const char *header_value(const struct raw_answer *answer, const char *name)
{
    size_t n = strlen(name);
    const char *line = answer->head.data;

    while (line && (line = strstr(line, "\r\n")) != NULL) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            return line + n + 2;
        }
    }
    return NULL;
}

void raw_read(int fd, struct raw_answer *answer)
{
    char chunk[65536];

    raw_read_head(fd, answer);
    const char *length = header_value(answer, "content-length");
    size_t left = length ? strtoul(length, NULL, 10) : 0;

    while (left) {
        ssize_t n = read(fd, chunk, left < sizeof(chunk) ? left : sizeof(chunk));

        assert_true(n > 0);
        buf_add(&answer->body, chunk, (size_t)n);
        left -= (size_t)n;
    }
}

void raw_ask(int fd, const char *text, struct raw_answer *answer)
{
    assert_true(raw_send(fd, text));
    raw_read(fd, answer);
}

bool raw_has_header(const struct raw_answer *answer, const char *line)
{
    char name[64] = {0};
    const char *colon = strchr(line, ':');

    memcpy(name, line, (size_t)(colon - line));
    const char *value = header_value(answer, name);
    size_t n = strlen(colon + 2);

    return value && strncmp(value, colon + 2, n) == 0 && value[n] == '\r';
}

void raw_read_to_end(int fd, struct buf *out)
{
    char chunk[4096];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        buf_add(out, chunk, (size_t)n);
    }
}

bool raw_is_closed(int fd)
{
    char c;
    ssize_t n = read(fd, &c, 1);

    return n == 0 || (n < 0 && errno == ECONNRESET);
}

void raw_answer_done(struct raw_answer *answer)
{
    buf_done(&answer->head);
    buf_done(&answer->body);
}
