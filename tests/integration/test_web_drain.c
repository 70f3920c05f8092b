#include "support/raw_http.h"
#include "support/test.h"
#include "support/web_fixture.h"

#include "base/clock.h"

#include <sys/socket.h>
#include <unistd.h>

#define WAIT "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"

static void a_request_in_hand_is_answered(void **state)
{
    struct web_fixture fixture;
    struct web_closing closing = {.timeout_ms = 10000};
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    int fd = web_fixture_send(&fixture, WAIT);

    web_fixture_await_waiting(&fixture, 1);
    web_fixture_begin_close(&fixture, &closing);
    web_fixture_open_gate(&fixture);
    raw_read(fd, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(raw_has_header(&answer, "connection: close"));
    web_fixture_await_close(&closing);
    close(fd);
}

static void an_idle_connection_does_not_hold_the_close_up(void **state)
{
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    int used = raw_connect(fixture.port);
    int fresh = raw_connect(fixture.port);
    int64_t start = clock_monotonic_ms();

    raw_ask(used, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    web_server_close(fixture.server, 60000);
    assert_true(clock_monotonic_ms() - start < 10000);
    assert_true(raw_is_closed(used));
    assert_true(raw_is_closed(fresh));
    close(used);
    close(fresh);
}

static void a_request_that_is_being_sent_is_answered(void **state)
{
    struct web_fixture fixture;
    struct web_closing closing = {.timeout_ms = 10000};
    AUTO(raw_answer) struct raw_answer answer;
    AUTO(buf) struct buf expected = {0};

    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    int fd = web_fixture_send(&fixture,
                              "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");

    web_fixture_settle(&fixture);
    web_fixture_begin_close(&fixture, &closing);
    raw_ask(fd, " half", &answer);
    assert_int_equal(answer.status, 200);
    web_fixture_expect_echo("half half", 9, &expected);
    assert_string_equal(answer.body.data, expected.data);
    assert_true(raw_has_header(&answer, "connection: close"));
    assert_true(raw_is_closed(fd));
    web_fixture_await_close(&closing);
    close(fd);
}

static void after_the_timeout_waiting_requests_are_refused_and_running_ones_answered(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;
    struct web_closing closing = {.timeout_ms = 100};
    AUTO(raw_answer) struct raw_answer first;
    AUTO(raw_answer) struct raw_answer second;

    (void)state;
    options.workers = 1;
    web_fixture_open(&fixture, options);
    int running = web_fixture_send(&fixture, WAIT);

    web_fixture_await_waiting(&fixture, 1);
    int queued = web_fixture_send(&fixture, WAIT);

    web_fixture_settle(&fixture);
    web_fixture_begin_close(&fixture, &closing);
    raw_read(queued, &second);
    assert_int_equal(second.status, 503);
    assert_string_equal(second.body.data, "draining");
    web_fixture_open_gate(&fixture);
    raw_read(running, &first);
    assert_int_equal(first.status, 200);
    web_fixture_await_close(&closing);
    close(running);
    close(queued);
}

static void a_stuck_client_cannot_hold_the_close_up(void **state)
{
    struct web_fixture fixture;
    int small = 4096;

    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    int reading_nothing = raw_connect(fixture.port);
    int sending_nothing = raw_connect(fixture.port);
    int64_t start = clock_monotonic_ms();

    setsockopt(reading_nothing, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    raw_send(reading_nothing, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    raw_send(sending_nothing, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    web_fixture_settle(&fixture);
    web_server_close(fixture.server, 200);
    assert_true(clock_monotonic_ms() - start < 10000);
    close(reading_nothing);
    close(sending_nothing);
}

static void a_refused_sender_cannot_hold_the_close_up(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    options.max_body_bytes = 10;
    web_fixture_open(&fixture, options);
    int fd = raw_connect(fixture.port);
    int64_t start = clock_monotonic_ms();

    raw_ask(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", &answer);
    assert_int_equal(answer.status, 413);
    web_server_close(fixture.server, 60000);
    assert_true(clock_monotonic_ms() - start < 10000);
    close(fd);
}

static void a_server_opens_and_closes_many_times(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct web_fixture fixture;

        web_fixture_open(&fixture, web_fixture_options());
        if (i % 2) {
            web_fixture_settle(&fixture);
        }
        web_fixture_close(&fixture);
        assert_true(raw_is_refused(fixture.port));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_in_hand_is_answered),
        cmocka_unit_test(an_idle_connection_does_not_hold_the_close_up),
        cmocka_unit_test(a_request_that_is_being_sent_is_answered),
        cmocka_unit_test(after_the_timeout_waiting_requests_are_refused_and_running_ones_answered),
        cmocka_unit_test(a_stuck_client_cannot_hold_the_close_up),
        cmocka_unit_test(a_refused_sender_cannot_hold_the_close_up),
        cmocka_unit_test(a_server_opens_and_closes_many_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
