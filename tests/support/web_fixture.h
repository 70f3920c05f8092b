#pragma once

#include "web/web.h"

#include <pthread.h>

/*
 * A server whose handlers tell what they saw, and can be made to wait. Routes:
 * GET /hello            "hello"
 * GET /health           "well", answered on the loop thread
 * GET /jobs/:jobId      "job <jobId>"; GET /jobs/latest "the latest job"
 * GET /look             query parameter q, cookie session and headers x-tenant and host, one per
 * line GET /forge            tries to break out of a header with the query parameter v; sets its
 * own cache-control GET /large            LARGE_BYTES of 'x' GET /empty            204 POST /echo
 * "<length> <checksum>" of the body POST /wait            as /echo, but only when the gate is open
 * POST /release-wait    releases the body, then waits at the gate
 * POST /later           defers, sets x-kept before and x-lost after that; answered by
 *                       web_fixture_send_laters
 * POST /upload          as /echo, with bodies of max_upload_bytes at most
 */
enum { WEB_FIXTURE_LATERS = 64 };

struct web_fixture {
    struct web_server *server;
    int port;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting; /* handlers at the gate */
    int handled; /* handlers entered */
    struct web_later *laters[WEB_FIXTURE_LATERS];
    int deferred; /* in laters */
    bool is_open;
};

enum { LARGE_BYTES = 32 * 1024 * 1024 };

/* Small limits that no test is meant to meet by accident. */
struct web_options web_fixture_options(void);

/* Starts a server with these options on a free port; routes, app and problem are the fixture's. */
void web_fixture_open(struct web_fixture *fixture, struct web_options options);

/* Opens the gate and closes the server. */
void web_fixture_close(struct web_fixture *fixture);

/* Sends the text on a new connection, which the caller closes. */
int web_fixture_send(struct web_fixture *fixture, const char *text);

/* A close on a thread of its own, so that a test can act meanwhile. */
struct web_closing {
    int64_t timeout_ms; /* set by the test */
    struct web_server *server;
    pthread_t thread;
};

/* Returns when the server has stopped to listen. */
void web_fixture_begin_close(struct web_fixture *fixture, struct web_closing *closing);
void web_fixture_await_close(struct web_closing *closing);

/* Waits until so many handlers stand at the gate. */
void web_fixture_await_waiting(struct web_fixture *fixture, int count);
void web_fixture_open_gate(struct web_fixture *fixture);
int web_fixture_handled(struct web_fixture *fixture);

/* Waits until so many answers are deferred. */
void web_fixture_await_deferred(struct web_fixture *fixture, int count);

/* Answers 201 and this text to all that is deferred. */
void web_fixture_send_laters(struct web_fixture *fixture, const char *text);

/* Returns when the loop has worked on everything that was sent to it before. */
void web_fixture_settle(struct web_fixture *fixture);

/* What POST /echo answers for this body. */
void web_fixture_expect_echo(const void *body, size_t n, struct buf *out);
