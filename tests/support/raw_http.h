#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* HTTP as bytes on a loopback socket, for tests that must also say what no HTTP client would say.
 */

/* A socket whose reads and writes give up after ten seconds, not yet connected. */
int raw_socket(void);
void raw_connect_socket(int fd, int port);

/* Both at once. Like all of these functions it fails the test when it cannot. */
int raw_connect(int port);

/* True when nobody listens on the port any more. */
bool raw_is_refused(int port);

/* Sends all of it; false when the other side has gone. */
bool raw_send(int fd, const char *text);
bool raw_send_bytes(int fd, const void *p, size_t n);

/* Closes with a reset, as a process that dies with unread data does. */
void raw_reset(int fd);

struct raw_answer {
    int status; /* 0: the connection ended without an answer */
    struct buf head;
    struct buf body;
};

/* Reads one answer (its body by Content-Length) and leaves what follows on the socket. */
void raw_read(int fd, struct raw_answer *answer);

/* Reads the answer to a HEAD request, or an interim one: a head without a body. */
void raw_read_head(int fd, struct raw_answer *answer);

/* Sends the text and reads one answer. */
void raw_ask(int fd, const char *text, struct raw_answer *answer);

/* True when the head has this line ("allow: GET, HEAD"), whatever the case of its name. */
bool raw_has_header(const struct raw_answer *answer, const char *line);

/* Everything until the other side closes. */
void raw_read_to_end(int fd, struct buf *out);

/* True when the other side has closed and nothing is left to read. Waits for it. */
bool raw_is_closed(int fd);

void raw_answer_done(struct raw_answer *answer);

static inline void auto_free_raw_answer(struct raw_answer *answer)
{
    raw_answer_done(answer);
}
