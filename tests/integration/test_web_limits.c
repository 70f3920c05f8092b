#include "support/raw_http.h"
#include "support/test.h"
#include "support/web_fixture.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define WAIT(path) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n12345678"

static bool has_input(int fd)
{
    struct pollfd input = {.fd = fd, .events = POLLIN};

    return poll(&input, 1, 0) == 1;
}

static void assert_status(int fd, int status)
{
    AUTO(raw_answer) struct raw_answer answer;

    raw_read(fd, &answer);
    assert_int_equal(answer.status, status);
    close(fd);
}

static void assert_overloaded(struct web_fixture *fixture, const char *request)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture->port);

    raw_ask(fd, request, &answer);
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.body.data, "overloaded");
    assert_true(raw_has_header(&answer, "retry-after: 1"));
    close(fd);
}

static void a_full_queue_refuses_and_the_others_finish(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;

    (void)state;
    options.workers = 1;
    options.queue_length = 1;
    web_fixture_open(&fixture, options);
    int running = web_fixture_send(&fixture, WAIT("/wait"));

    web_fixture_await_waiting(&fixture, 1);
    int queued = web_fixture_send(&fixture, WAIT("/wait"));

    web_fixture_settle(&fixture);
    assert_overloaded(&fixture, WAIT("/wait"));
    assert_overloaded(&fixture, HELLO);
    web_fixture_open_gate(&fixture);
    assert_status(running, 200);
    assert_status(queued, 200);
    assert_status(web_fixture_send(&fixture, HELLO), 200);
    web_fixture_close(&fixture);
}

static void health_is_answered_while_every_worker_is_busy(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;

    (void)state;
    options.workers = 1;
    options.queue_length = 0;
    web_fixture_open(&fixture, options);
    int running = web_fixture_send(&fixture, WAIT("/wait"));

    web_fixture_await_waiting(&fixture, 1);
    assert_status(web_fixture_send(&fixture, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    web_fixture_open_gate(&fixture);
    assert_status(running, 200);
    web_fixture_close(&fixture);
}

static struct web_options room_for_one_body(void)
{
    struct web_options options = web_fixture_options();

    options.max_body_bytes = 8;
    options.max_inflight_bytes = 15;
    return options;
}

static void bodies_beyond_the_bytes_in_flight_are_refused(void **state)
{
    struct web_fixture fixture;

    (void)state;
    web_fixture_open(&fixture, room_for_one_body());
    int running = web_fixture_send(&fixture, WAIT("/wait"));

    web_fixture_await_waiting(&fixture, 1);
    assert_int_equal(web_server_inflight_bytes(fixture.server), 8);
    assert_overloaded(&fixture, WAIT("/wait"));
    assert_status(web_fixture_send(&fixture, HELLO), 200);
    web_fixture_open_gate(&fixture);
    assert_status(running, 200);
    assert_int_equal(web_server_inflight_bytes(fixture.server), 0);
    assert_status(web_fixture_send(&fixture, WAIT("/wait")), 200);
    web_fixture_close(&fixture);
}

static void a_released_body_makes_room_before_the_answer(void **state)
{
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    web_fixture_open(&fixture, room_for_one_body());
    int running = web_fixture_send(&fixture, WAIT("/release-wait"));

    web_fixture_await_waiting(&fixture, 1);
    assert_int_equal(web_server_inflight_bytes(fixture.server), 0);
    assert_status(web_fixture_send(&fixture, WAIT("/echo")), 200);
    web_fixture_open_gate(&fixture);
    raw_read(running, &answer);
    assert_string_equal(answer.body.data, "released");
    close(running);
    web_fixture_close(&fixture);
}

static void bodies_that_arrive_together_cannot_fill_the_memory(void **state)
{
    enum { SIZE = 4 << 20, COUNT = 8 };
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;
    char *body = calloc(1, SIZE);
    int fds[COUNT];

    (void)state;
    options.max_body_bytes = options.max_inflight_bytes = SIZE;
    web_fixture_open(&fixture, options);
    for (int i = 0; i < COUNT; i++) {
        fds[i] = web_fixture_send(&fixture, "POST /echo HTTP/1.1\r\nHost: a\r\n"
                                            "Content-Length: 4194304\r\n\r\n");
        raw_send_bytes(fds[i], body, SIZE - 1);
    }
    for (int i = 0; i < COUNT - 1; i++) {
        assert_true(raw_is_closed(fds[i]));
        close(fds[i]);
    }
    raw_send(fds[COUNT - 1], "x");
    assert_status(fds[COUNT - 1], 200);
    free(body);
    web_fixture_close(&fixture);
}

static void a_client_that_leaves_before_the_answer_does_no_harm(void **state)
{
    struct web_fixture fixture;

    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    raw_reset(web_fixture_send(&fixture, WAIT("/wait")));
    close(web_fixture_send(&fixture, WAIT("/wait")));
    web_fixture_await_waiting(&fixture, 2);
    web_fixture_open_gate(&fixture);
    assert_status(web_fixture_send(&fixture, HELLO), 200);
    web_fixture_close(&fixture);
    assert_int_equal(fixture.handled, 3);
}

static void connections_beyond_the_cap_wait_for_a_place(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    options.max_connections = 2;
    web_fixture_open(&fixture, options);
    int first = raw_connect(fixture.port);
    int second = raw_connect(fixture.port);

    raw_ask(second, HELLO, &answer);
    int third = web_fixture_send(&fixture, HELLO);

    for (int i = 0; i < 20; i++) {
        AUTO(raw_answer) struct raw_answer served;

        raw_ask(i % 2 ? first : second, HELLO, &served);
        assert_int_equal(served.status, 200);
        assert_false(has_input(third));
    }
    close(first);
    assert_status(third, 200);
    close(second);
    web_fixture_close(&fixture);
}

static void a_client_that_never_reads_its_answer_loses_its_place(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture fixture;
    int small = 4096;

    (void)state;
    options.max_connections = 1;
    options.request_timeout_ms = 300;
    web_fixture_open(&fixture, options);
    int stuck = raw_connect(fixture.port);

    setsockopt(stuck, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    raw_send(stuck, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_status(web_fixture_send(&fixture, HELLO), 200);
    close(stuck);
    web_fixture_close(&fixture);
}

static void a_server_out_of_descriptors_serves_again_later(void **state)
{
    struct web_fixture fixture;
    struct rlimit before;
    struct rlimit none;
    AUTO(raw_answer) struct raw_answer answer;

    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    int served = raw_connect(fixture.port);

    raw_ask(served, HELLO, &answer);
    int late = raw_socket();

    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    raw_connect_socket(late, fixture.port);
    raw_send(late, HELLO);
    for (int i = 0; i < 20; i++) {
        AUTO(raw_answer) struct raw_answer again;

        raw_ask(served, HELLO, &again);
        assert_int_equal(again.status, 200);
        assert_false(has_input(late));
    }
    setrlimit(RLIMIT_NOFILE, &before);
    assert_status(late, 200);
    close(served);
    web_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_refuses_and_the_others_finish),
        cmocka_unit_test(health_is_answered_while_every_worker_is_busy),
        cmocka_unit_test(bodies_beyond_the_bytes_in_flight_are_refused),
        cmocka_unit_test(a_released_body_makes_room_before_the_answer),
        cmocka_unit_test(bodies_that_arrive_together_cannot_fill_the_memory),
        cmocka_unit_test(a_client_that_leaves_before_the_answer_does_no_harm),
        cmocka_unit_test(connections_beyond_the_cap_wait_for_a_place),
        cmocka_unit_test(a_client_that_never_reads_its_answer_loses_its_place),
        cmocka_unit_test(a_server_out_of_descriptors_serves_again_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
