#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/*
 * HTTP/1.1 server, also over TLS: one h2o loop thread and a bounded pool of workers. The only
 * library that includes h2o. A handler is plain blocking code on a worker thread: it sees a copy of
 * the request and fills a reply.
 *
 * What the server refuses or cuts without a handler: see enum web_trouble, and
 * - bytes that are not HTTP/1.x at all (an HTTP/2 preface too): a plain 400, connection closed;
 * - a request that has not arrived within request_timeout_ms: connection closed without an answer;
 * - a client that takes nothing of its answer for request_timeout_ms: connection closed.
 * - bodies that are still arriving and together exceed max_inflight_bytes: the oldest connections
 *   are closed.
 * A connection that carried a body is closed after the answer, so nothing behind the body is ever
 * read as a request.
 *
 * Memory: h2o collects a body in a buffer of up to twice its size, so all bodies together, arriving
 * and in hand, take about three times max_inflight_bytes at most.
 */

enum { WEB_MAX_PARAMS = 4, WEB_MAX_HEADERS = 12 };

struct web_request {
    struct str method;
    struct str path;                   /* as sent, without query */
    struct str query;                  /* raw text after '?', {NULL,0} when absent */
    struct str params[WEB_MAX_PARAMS]; /* the values of :name segments, in pattern order,
                                          percent-decoded */
    struct str body; /* never NULL before web_release_body, also when the request had none */
    /* The body has this many writable, readable, zeroed bytes behind its end (simdjson wants 64).
     */
    size_t body_padding;
    struct arena *arena; /* lives as long as the request */
    const void *headers; /* use web_header */
};

/*
 * The value of a request header, name in lower case; {NULL, 0} when absent; the first one when sent
 * twice. Headers that only frame the message (content-length, transfer-encoding, expect, upgrade)
 * are not shown.
 */
struct str web_header(const struct web_request *request, const char *name);

/*
 * The decoded value of a query parameter (in the request's arena); {NULL, 0} when absent; the first
 * one when sent twice. '+' is a blank. A malformed percent sequence, or %00, stays as it was sent.
 */
struct str web_query(const struct web_request *request, const char *name);

/* The value of a cookie as sent; {NULL, 0} when absent. */
struct str web_cookie(const struct web_request *request, const char *name);

/*
 * Frees the body before the handler is done (after parsing, say), so that its bytes count no longer
 * against max_inflight_bytes. request->body is {NULL, 0} afterwards. Optional: otherwise it happens
 * when the handler returns.
 */
void web_release_body(struct web_request *request);

struct web_reply {
    int status;               /* starts as 200 */
    const char *content_type; /* starts as application/json; static or arena memory */
    struct buf body;
    struct {
        const char *name; /* lower case, static or arena memory */
        const char *value;
    } headers[WEB_MAX_HEADERS];
    size_t header_count;
};

/*
 * Adds a response header; both strings must outlive the reply (static or request arena). A value
 * with a control character is left out, because it could forge further headers. Every reply gets
 * `x-content-type-options: nosniff`, and `cache-control: no-store` unless the handler set another
 * one.
 */
void web_reply_header(struct web_reply *reply, const char *name, const char *value);

/*
 * An answer that is sent after its handler has returned, from any thread, so that waiting takes no
 * worker. It holds nothing of the request.
 */
struct web_later {
    struct arena *arena;    /* for what the reply points to; lives until web_later_send */
    struct web_reply reply; /* begins with the headers that the handler has set so far */
};

/*
 * Called by a handler on a worker, at most once: what it does to its own reply from then on is not
 * sent. The request with its body and arena ends when the handler returns, as always. Whoever holds
 * the result must give it to web_later_send, also when the client has left or the server closes.
 */
struct web_later *web_defer(struct web_request *request);

/* Sends later->reply as it stands, unless the client has left or was refused, and frees `later`. */
void web_later_send(struct web_later *later);

enum web_route_kind {
    WEB_PLAIN,
    WEB_ON_LOOP, /* answered on the loop thread itself: only for handlers that never block (health)
                  */
    WEB_UPLOAD,  /* its bodies may have max_upload_bytes instead of max_body_bytes */
};

struct web_route {
    const char *method;  /* "GET", which answers HEAD too */
    const char *pattern; /* "/api/b2b/pim/jobs/:jobId"; a literal segment wins over a :param */
    void (*handle)(void *app, struct web_request *request, struct web_reply *reply);
    enum web_route_kind kind;
};

/*
 * Situations in which the server answers by itself: `problem`, called on the loop thread, gets a
 * reply with the status set and adds the body.
 */
enum web_trouble {
    WEB_NO_ROUTE,       /* 404 */
    WEB_BAD_METHOD,     /* 405; the server sets Allow */
    WEB_BODY_TOO_LARGE, /* 413, sent before the rest of the body is read */
    WEB_OVERLOADED,     /* 503: queue of workers or bytes in flight are full; the server sets
                           Retry-After: 1 */
    WEB_DRAINING,  /* 503 + Connection: close; for deferred answers at the end of the drain too */
    WEB_MALFORMED, /* 400: framing that cannot be trusted (broken Content-Length or chunks); 417:
                      unknown Expect */
};

struct web_options {
    const char *address; /* numeric, "0.0.0.0" or "::" for all */
    int port;            /* 0: any free port, see web_server_port */
    const struct web_route *routes;
    size_t route_count;
    void *app;
    size_t workers;            /* may be 0 when every route is WEB_ON_LOOP */
    size_t queue_length;       /* requests waiting for a worker */
    size_t max_body_bytes;     /* h2o wants a chunked body to be at least one byte shorter */
    size_t max_upload_bytes;   /* the same for routes that are WEB_UPLOAD */
    size_t max_inflight_bytes; /* body copies held at one time, over all requests */
    size_t max_connections;    /* further ones wait in the kernel's backlog */
    const char *tls_cert_file; /* PEM; NULL: plain HTTP. A changed file is taken by itself */
    const char *tls_key_file;
    int64_t request_timeout_ms; /* whole request must have arrived by then; also ends idle
                                   connections */
    void (*problem)(enum web_trouble trouble, struct web_reply *reply);
};

struct web_server;

/*
 * Starts listening. ERR_UNAVAILABLE when the port cannot be bound or a thread cannot be started,
 * ERR_INVALID for an address that is no address, for limits that contradict each other and for a
 * certificate that cannot be used. Options
 * are copied, pointers in it are borrowed.
 */
bool web_server_open(const struct web_options *options, struct web_server **out,
                     struct err *err) MUST_USE;

int web_server_port(const struct web_server *server);

/* Bytes of request bodies held now. */
size_t web_server_inflight_bytes(const struct web_server *server);

/*
 * Stops accepting, lets requests that have begun finish for at most `timeout_ms`, also those whose
 * body is still being sent, closes each connection behind its answer, stops all threads, frees.
 * NULL is allowed. After the time-out, waiting requests get WEB_DRAINING and unfinished transfers
 * are cut; handlers that still run and answers that are still deferred are waited for, because they
 * work on memory of the server. The client of a deferred one has got WEB_DRAINING by then.
 */
void web_server_close(struct web_server *server, int64_t timeout_ms);
