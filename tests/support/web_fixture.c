#include "support/web_fixture.h"

#include "support/raw_http.h"
#include "support/test.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t checksum(const void *p, size_t n)
{
    const unsigned char *at = p;
    uint64_t sum = 14695981039346656037U;

    for (size_t i = 0; i < n; i++) {
        sum = (sum ^ at[i]) * 1099511628211U;
    }
    return sum;
}

void web_fixture_expect_echo(const void *body, size_t n, struct buf *out)
{
    buf_printf(out, "%zu %016" PRIx64, n, checksum(body, n));
}

static void note_call(struct web_fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    fixture->handled++;
    pthread_mutex_unlock(&fixture->lock);
}

static void wait_at_gate(struct web_fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    fixture->waiting++;
    pthread_cond_broadcast(&fixture->changed);
    while (!fixture->is_open) {
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    }
    fixture->waiting--;
    pthread_mutex_unlock(&fixture->lock);
}

static void add_str(struct buf *out, struct str text)
{
    if (text.p) {
        buf_add(out, text.p, text.n);
    } else {
        buf_adds(out, "(absent)");
    }
    buf_addc(out, '\n');
}

static void say_hello(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)request;
    note_call(app);
    buf_adds(&reply->body, "hello");
}

static void say_well(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)app;
    (void)request;
    buf_adds(&reply->body, "well");
}

static void show_job(void *app, struct web_request *request, struct web_reply *reply)
{
    note_call(app);
    buf_adds(&reply->body, "job ");
    buf_add(&reply->body, request->params[0].p, request->params[0].n);
}

static void show_latest(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)request;
    note_call(app);
    buf_adds(&reply->body, "the latest job");
}

static void look(void *app, struct web_request *request, struct web_reply *reply)
{
    note_call(app);
    add_str(&reply->body, web_query(request, "q"));
    add_str(&reply->body, web_cookie(request, "session"));
    add_str(&reply->body, web_header(request, "x-tenant"));
    add_str(&reply->body, web_header(request, "host"));
}

static void forge(void *app, struct web_request *request, struct web_reply *reply)
{
    struct str value = web_query(request, "v");

    note_call(app);
    web_reply_header(reply, "x-value", arena_strndup(request->arena, value.p, value.n));
    web_reply_header(reply, "cache-control", "max-age=60");
    reply->status = 202;
    reply->content_type = "text/plain";
}

static void send_large(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)request;
    note_call(app);
    reply->body.data = mem_alloc(LARGE_BYTES);
    reply->body.len = reply->body.cap = LARGE_BYTES;
    memset(reply->body.data, 'x', LARGE_BYTES);
}

static void send_nothing(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)request;
    note_call(app);
    reply->status = 204;
}

static void echo(void *app, struct web_request *request, struct web_reply *reply)
{
    note_call(app);
    for (size_t i = 0; i < request->body_padding; i++) {
        assert_int_equal(request->body.p[request->body.n + i], 0);
    }
    web_fixture_expect_echo(request->body.p, request->body.n, &reply->body);
}

static void echo_later(void *app, struct web_request *request, struct web_reply *reply)
{
    echo(app, request, reply);
    wait_at_gate(app);
}

static void release_and_wait(void *app, struct web_request *request, struct web_reply *reply)
{
    note_call(app);
    web_release_body(request);
    wait_at_gate(app);
    buf_adds(&reply->body, request->body.p ? "still there" : "released");
}

static void answer_later(void *app, struct web_request *request, struct web_reply *reply)
{
    struct web_fixture *fixture = app;

    note_call(fixture);
    web_reply_header(reply, "x-kept", arena_strdup(request->arena, "yes"));
    struct web_later *later = web_defer(request);

    web_reply_header(reply, "x-lost", "yes");
    pthread_mutex_lock(&fixture->lock);
    assert_true(fixture->deferred < WEB_FIXTURE_LATERS);
    fixture->laters[fixture->deferred++] = later;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

static const struct web_route routes[] = {
    {"GET", "/hello", say_hello, WEB_PLAIN},
    {"GET", "/health", say_well, WEB_ON_LOOP},
    {"GET", "/jobs/:jobId", show_job, WEB_PLAIN},
    {"GET", "/jobs/latest", show_latest, WEB_PLAIN},
    {"GET", "/look", look, WEB_PLAIN},
    {"GET", "/forge", forge, WEB_PLAIN},
    {"GET", "/large", send_large, WEB_PLAIN},
    {"GET", "/empty", send_nothing, WEB_PLAIN},
    {"POST", "/echo", echo, WEB_PLAIN},
    {"POST", "/wait", echo_later, WEB_PLAIN},
    {"POST", "/release-wait", release_and_wait, WEB_PLAIN},
    {"POST", "/later", answer_later, WEB_PLAIN},
    {"POST", "/upload", echo, WEB_UPLOAD},
};

static void describe(enum web_trouble trouble, struct web_reply *reply)
{
    static const char *const names[] = {
        [WEB_NO_ROUTE] = "no route",        [WEB_BAD_METHOD] = "bad method",
        [WEB_BODY_TOO_LARGE] = "too large", [WEB_OVERLOADED] = "overloaded",
        [WEB_DRAINING] = "draining",        [WEB_MALFORMED] = "malformed",
    };

    reply->content_type = "application/problem+json";
    buf_adds(&reply->body, names[trouble]);
}

struct web_options web_fixture_options(void)
{
    return (struct web_options){
        .address = "127.0.0.1",
        .workers = 4,
        .queue_length = 300,
        .max_body_bytes = 32 << 20,
        .max_inflight_bytes = 64 << 20,
        .max_connections = 300,
        .request_timeout_ms = 20000,
    };
}

void web_fixture_open(struct web_fixture *fixture, struct web_options options)
{
    struct err err;

    *fixture = (struct web_fixture){0};
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    options.routes = routes;
    options.route_count = sizeof(routes) / sizeof(routes[0]);
    options.app = fixture;
    options.problem = describe;
    assert_ok(web_server_open(&options, &fixture->server, &err), &err);
    fixture->port = web_server_port(fixture->server);
}

void web_fixture_close(struct web_fixture *fixture)
{
    web_fixture_open_gate(fixture);
    web_server_close(fixture->server, 10000);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->lock);
}

int web_fixture_send(struct web_fixture *fixture, const char *text)
{
    int fd = raw_connect(fixture->port);

    assert_true(raw_send(fd, text));
    return fd;
}

static void *close_server(void *ctx)
{
    const struct web_closing *closing = ctx;

    web_server_close(closing->server, closing->timeout_ms);
    return NULL;
}

void web_fixture_begin_close(struct web_fixture *fixture, struct web_closing *closing)
{
    int64_t start = clock_monotonic_ms();

    closing->server = fixture->server;
    assert_int_equal(pthread_create(&closing->thread, NULL, close_server, closing), 0);
    while (!raw_is_refused(fixture->port)) {
        assert_true(clock_monotonic_ms() - start < 10000);
    }
}

void web_fixture_await_close(struct web_closing *closing)
{
    pthread_join(closing->thread, NULL);
}

/* `number` is one of the fixture's own, under its lock. */
static void await_number(struct web_fixture *fixture, const int *number, int wanted)
{
    struct timespec deadline;
    int result = 0;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 10;
    pthread_mutex_lock(&fixture->lock);
    while (*number < wanted && result != ETIMEDOUT) {
        result = pthread_cond_timedwait(&fixture->changed, &fixture->lock, &deadline);
    }
    pthread_mutex_unlock(&fixture->lock);
    assert_int_equal(result, 0);
}

void web_fixture_await_waiting(struct web_fixture *fixture, int count)
{
    await_number(fixture, &fixture->waiting, count);
}

void web_fixture_await_deferred(struct web_fixture *fixture, int count)
{
    await_number(fixture, &fixture->deferred, count);
}

void web_fixture_send_laters(struct web_fixture *fixture, const char *text)
{
    pthread_mutex_lock(&fixture->lock);
    for (int i = 0; i < fixture->deferred; i++) {
        struct web_later *later = fixture->laters[i];

        later->reply.status = 201;
        buf_adds(&later->reply.body, arena_strdup(later->arena, text));
        web_later_send(later);
    }
    fixture->deferred = 0;
    pthread_mutex_unlock(&fixture->lock);
}

void web_fixture_open_gate(struct web_fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    fixture->is_open = true;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

int web_fixture_handled(struct web_fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    int handled = fixture->handled;

    pthread_mutex_unlock(&fixture->lock);
    return handled;
}

void web_fixture_settle(struct web_fixture *fixture)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture->port);

    raw_ask(fd, "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);
    close(fd);
}
