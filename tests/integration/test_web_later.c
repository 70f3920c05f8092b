#include "support/raw_http.h"
#include "support/test.h"
#include "support/web_fixture.h"

#include "base/clock.h"

#include <string.h>
#include <unistd.h>

#define LATER "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"

/* A server that owes one answer, and the connection that waits for it. */
static int open_deferred(struct web_fixture *fixture, struct web_options options)
{
    web_fixture_open(fixture, options);
    int fd = web_fixture_send(fixture, LATER);

    web_fixture_await_deferred(fixture, 1);
    return fd;
}

static void a_deferred_answer_comes_when_it_is_sent(void **state)
{
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    int fd = open_deferred(&fixture, web_fixture_options());

    web_fixture_send_laters(&fixture, "at last");
    raw_read(fd, &answer);
    assert_int_equal(answer.status, 201);
    assert_string_equal(answer.body.data, "at last");
    assert_true(raw_has_header(&answer, "x-content-type-options: nosniff"));
    close(fd);
    web_fixture_close(&fixture);
}

static void headers_set_before_the_deferral_are_kept_and_later_ones_are_not(void **state)
{
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    int fd = open_deferred(&fixture, web_fixture_options());

    web_fixture_send_laters(&fixture, "");
    raw_read(fd, &answer);
    assert_true(raw_has_header(&answer, "x-kept: yes"));
    assert_false(raw_has_header(&answer, "x-lost: yes"));
    close(fd);
    web_fixture_close(&fixture);
}

static void many_deferred_answers_take_no_worker_and_no_body_bytes(void **state)
{
    enum { COUNT = 40 };
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;
    int fds[COUNT];

    (void)state;
    options.workers = 1;
    web_fixture_open(&fixture, options);
    for (int i = 0; i < COUNT; i++) {
        fds[i] = web_fixture_send(&fixture, LATER);
    }
    web_fixture_await_deferred(&fixture, COUNT);
    AUTO(raw_answer) struct raw_answer hello;
    int fd = raw_connect(fixture.port);

    /* The one worker has left all handlers behind it. */
    raw_ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &hello);
    assert_int_equal(hello.status, 200);
    assert_int_equal(web_server_inflight_bytes(fixture.server), 0);
    close(fd);
    web_fixture_send_laters(&fixture, "done");
    for (int i = 0; i < COUNT; i++) {
        AUTO(raw_answer) struct raw_answer answer;

        raw_read(fds[i], &answer);
        assert_string_equal(answer.body.data, "done");
        close(fds[i]);
    }
    web_fixture_close(&fixture);
}

static void a_deferred_answer_may_take_longer_than_a_request_may(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    options.request_timeout_ms = 200;
    int fd = open_deferred(&fixture, options);

    for (int64_t end = clock_monotonic_ms() + 600; clock_monotonic_ms() < end;) {
        web_fixture_settle(&fixture);
    }
    web_fixture_send_laters(&fixture, "still here");
    raw_read(fd, &answer);
    assert_string_equal(answer.body.data, "still here");
    close(fd);
    web_fixture_close(&fixture);
}

static void a_client_that_leaves_before_its_answer_harms_nobody(void **state)
{
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    int leaving = web_fixture_send(&fixture, LATER);
    int resetting = web_fixture_send(&fixture, LATER);
    int staying = web_fixture_send(&fixture, LATER);

    web_fixture_await_deferred(&fixture, 3);
    close(leaving);
    raw_reset(resetting);
    web_fixture_settle(&fixture);
    web_fixture_send_laters(&fixture, "done");
    raw_read(staying, &answer);
    assert_string_equal(answer.body.data, "done");
    close(staying);
    web_fixture_close(&fixture);
}

/* ---- closing ---- */

static void an_answer_that_is_sent_while_the_server_closes_arrives(void **state)
{
    struct web_fixture fixture;
    struct web_closing closing = {.timeout_ms = 10000};
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    int fd = open_deferred(&fixture, web_fixture_options());

    web_fixture_begin_close(&fixture, &closing);
    web_fixture_send_laters(&fixture, "just in time");
    raw_read(fd, &answer);
    assert_int_equal(answer.status, 201);
    assert_string_equal(answer.body.data, "just in time");
    assert_true(raw_has_header(&answer, "connection: close"));
    web_fixture_await_close(&closing);
    close(fd);
}

static void at_the_end_of_the_drain_those_who_still_wait_are_told_so(void **state)
{
    struct web_fixture fixture;
    struct web_closing closing = {.timeout_ms = 100};
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    int fd = open_deferred(&fixture, web_fixture_options());

    web_fixture_begin_close(&fixture, &closing);
    raw_read(fd, &answer);
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.body.data, "draining");
    assert_true(raw_is_closed(fd));
    /* The server outlives what is deferred: only now may it go. */
    web_fixture_send_laters(&fixture, "too late");
    web_fixture_await_close(&closing);
    close(fd);
}

static void servers_with_deferred_answers_open_and_close_many_times(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct web_fixture fixture;
        struct web_closing closing = {.timeout_ms = i % 2 ? 0 : 10000};
        int fd = open_deferred(&fixture, web_fixture_options());

        web_fixture_begin_close(&fixture, &closing);
        web_fixture_send_laters(&fixture, "done");
        web_fixture_await_close(&closing);
        assert_true(raw_is_refused(fixture.port));
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deferred_answer_comes_when_it_is_sent),
        cmocka_unit_test(headers_set_before_the_deferral_are_kept_and_later_ones_are_not),
        cmocka_unit_test(many_deferred_answers_take_no_worker_and_no_body_bytes),
        cmocka_unit_test(a_deferred_answer_may_take_longer_than_a_request_may),
        cmocka_unit_test(a_client_that_leaves_before_its_answer_harms_nobody),
        cmocka_unit_test(an_answer_that_is_sent_while_the_server_closes_arrives),
        cmocka_unit_test(at_the_end_of_the_drain_those_who_still_wait_are_told_so),
        cmocka_unit_test(servers_with_deferred_answers_open_and_close_many_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
