#include "support/raw_http.h"
#include "support/test.h"
#include "support/web_fixture.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_BODY = 1000, TIMEOUT_MS = 400 };

static struct web_fixture fixture;

static int open_fixture(void **state)
{
    struct web_options options = web_fixture_options();

    (void)state;
    options.max_body_bytes = MAX_BODY;
    options.request_timeout_ms = TIMEOUT_MS;
    web_fixture_open(&fixture, options);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    web_fixture_close(&fixture);
    return 0;
}

static int count(const char *text, const char *part)
{
    int n = 0;

    for (; text && (text = strstr(text, part)) != NULL; text += strlen(part)) {
        n++;
    }
    return n;
}

/* Sends the bytes; the connection must carry exactly one answer and then end, and one handler may
 * have run. */
static void assert_one_answer(const char *bytes, int status)
{
    AUTO(buf) struct buf all = {0};
    int before = web_fixture_handled(&fixture);
    int fd = raw_connect(fixture.port);

    assert_true(raw_send(fd, bytes));
    raw_read_to_end(fd, &all);
    assert_int_equal(count(all.data, "HTTP/1.1 "), 1);
    assert_int_equal(strtol(all.data + 9, NULL, 10), status);
    assert_true(web_fixture_handled(&fixture) - before <= 1);
    close(fd);
}

static void a_second_content_length_never_becomes_a_second_request(void **state)
{
    (void)state;
    assert_one_answer(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 44\r\n\r\n"
        "helloGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        200);
    assert_one_answer(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 39\r\n\r\n"
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        200);
    assert_one_answer(
        "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 39\r\n\r\n"
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        200);
}

static void a_length_beside_chunks_never_becomes_a_second_request(void **state)
{
    (void)state;
    assert_one_answer("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n"
                      "0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
                      200);
    assert_one_answer("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                      "Content-Length: 5\r\n\r\n"
                      "0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
                      200);
}

static void a_length_on_an_unknown_path_never_becomes_a_second_request(void **state)
{
    (void)state;
    assert_one_answer(
        "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 40\r\n\r\n"
        "xGET /hello HTTP/1.1\r\nHost: a\r\n\r\n",
        404);
}

static void framing_that_cannot_be_trusted_is_a_400_with_our_body(void **state)
{
    const char *const bad[] = {"Content-Length: five\r\n\r\nhello",
                               "Content-Length: -1\r\n\r\n",
                               "Content-Length: +5\r\n\r\nhello",
                               "Content-Length: 5, 5\r\n\r\nhello",
                               "Content-Length: 99999999999999999999\r\n\r\n",
                               "Transfer-Encoding: gzip\r\n\r\n",
                               "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                               "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                               "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
                               "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        AUTO(raw_answer) struct raw_answer answer;
        int fd = raw_connect(fixture.port);

        raw_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\n");
        raw_ask(fd, bad[i], &answer);
        assert_int_equal(answer.status, 400);
        assert_string_equal(answer.body.data, "malformed");
        assert_true(raw_has_header(&answer, "content-type: application/problem+json"));
        assert_true(raw_has_header(&answer, "connection: close"));
        assert_true(raw_is_closed(fd));
        close(fd);
    }
}

static void an_unknown_expectation_is_a_417_with_our_body(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: miracles\r\n\r\n",
            &answer);
    assert_int_equal(answer.status, 417);
    assert_string_equal(answer.body.data, "malformed");
    close(fd);
}

static void bytes_that_are_not_http_are_refused(void **state)
{
    const char *const bad[] = {"GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", "GET /hello\r\n\r\n",
                               "\x16\x03\x01\x02", "GET /hello HTTP/9.9\r\n\r\n",
                               "GET /hello HTTP/1.1\r\nA: b\x01\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_one_answer(bad[i], 400);
    }
}

static void an_http2_preface_is_refused(void **state)
{
    (void)state;
    assert_one_answer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);
}

static void an_offer_to_upgrade_to_http2_is_ignored(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd,
            "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
            &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body.data, "hello");
    close(fd);
}

static void a_body_too_large_is_refused_before_it_is_sent(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n", &answer);
    assert_int_equal(answer.status, 413);
    assert_string_equal(answer.body.data, "too large");
    assert_true(raw_has_header(&answer, "content-type: application/problem+json"));
    assert_true(raw_has_header(&answer, "connection: close"));
    close(fd);
}

static void a_body_too_large_is_not_told_to_continue(void **state)
{
    (void)state;
    assert_one_answer("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n"
                      "Expect: 100-continue\r\n\r\n",
                      413);
}

static void ask_with_body(size_t n, bool is_chunked, struct raw_answer *answer)
{
    char body[MAX_BODY + 2];
    char head[160];
    int fd = raw_connect(fixture.port);

    memset(body, 'b', sizeof(body));
    if (is_chunked) {
        snprintf(head, sizeof(head),
                 "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
    } else {
        snprintf(head, sizeof(head),
                 "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", n);
    }
    assert_true(raw_send(fd, head));
    raw_send_bytes(fd, body, n);
    if (is_chunked) {
        raw_send(fd, "\r\n0\r\n\r\n");
    }
    raw_read(fd, answer);
    close(fd);
}

static void the_largest_body_is_accepted_and_one_byte_more_is_not(void **state)
{
    const struct {
        size_t size;
        bool is_chunked;
        int status;
    } cases[] = {{MAX_BODY, false, 200},
                 {MAX_BODY - 1, true, 200},
                 {MAX_BODY + 1, false, 413},
                 {MAX_BODY + 1, true, 413}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(raw_answer) struct raw_answer answer;

        ask_with_body(cases[i].size, cases[i].is_chunked, &answer);
        assert_int_equal(answer.status, cases[i].status);
    }
}

static void a_client_that_is_still_sending_can_read_the_413(void **state)
{
    const size_t size = 16 << 20;
    char *body = calloc(1, size);
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    assert_true(raw_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 16777216\r\n\r\n"));
    assert_true(raw_send_bytes(fd, body, size));
    raw_read(fd, &answer);
    assert_int_equal(answer.status, 413);
    assert_string_equal(answer.body.data, "too large");
    close(fd);
    free(body);
}

static void a_refused_sender_that_never_stops_is_cut(void **state)
{
    char body[4096] = {0};
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);
    int64_t start = clock_monotonic_ms();

    (void)state;
    raw_ask(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n", &answer);
    while (raw_send_bytes(fd, body, sizeof(body))) {
        assert_true(clock_monotonic_ms() - start < 10000);
    }
    assert_int_equal(answer.status, 413);
    close(fd);
}

static void a_sender_that_stops_in_mid_request_is_cut(void **state)
{
    const char *const halves[] = {
        "", "GET /he", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhal",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha"};

    (void)state;
    for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
        int64_t start = clock_monotonic_ms();
        int fd = raw_connect(fixture.port);

        assert_true(raw_send(fd, halves[i]));
        assert_true(raw_is_closed(fd));
        assert_in_range(clock_monotonic_ms() - start, TIMEOUT_MS - 50, 5000);
        close(fd);
    }
}

static void a_sender_that_trickles_is_cut_all_the_same(void **state)
{
    int64_t start = clock_monotonic_ms();
    int fd = raw_connect(fixture.port);
    struct pollfd closed = {.fd = fd, .events = POLLIN};

    (void)state;
    raw_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    while (poll(&closed, 1, 20) == 0) {
        raw_send(fd, "x");
        assert_true(clock_monotonic_ms() - start < 5000);
    }
    assert_true(raw_is_closed(fd));
    assert_in_range(clock_monotonic_ms() - start, TIMEOUT_MS - 50, 5000);
    close(fd);
}

static void a_client_that_leaves_in_mid_body_does_no_harm(void **state)
{
    int before = web_fixture_handled(&fixture);

    (void)state;
    for (int i = 0; i < 20; i++) {
        int fd = raw_connect(fixture.port);

        raw_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nsome of it");
        if (i % 2) {
            raw_reset(fd);
        } else {
            close(fd);
        }
    }
    web_fixture_settle(&fixture);
    assert_int_equal(web_fixture_handled(&fixture), before);
    assert_int_equal(web_server_inflight_bytes(fixture.server), 0);
}

static void folded_and_numberless_headers_do_no_harm(void **state)
{
    AUTO(buf) struct buf request = {0};
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nA: b\r\n folded\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);
    close(fd);
    buf_adds(&request, "GET /hello HTTP/1.1\r\n");
    for (int i = 0; i < 500; i++) {
        buf_printf(&request, "X-%d: y\r\n", i);
    }
    buf_adds(&request, "\r\n");
    assert_one_answer(request.data, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_content_length_never_becomes_a_second_request),
        cmocka_unit_test(a_length_beside_chunks_never_becomes_a_second_request),
        cmocka_unit_test(a_length_on_an_unknown_path_never_becomes_a_second_request),
        cmocka_unit_test(framing_that_cannot_be_trusted_is_a_400_with_our_body),
        cmocka_unit_test(an_unknown_expectation_is_a_417_with_our_body),
        cmocka_unit_test(bytes_that_are_not_http_are_refused),
        cmocka_unit_test(an_http2_preface_is_refused),
        cmocka_unit_test(an_offer_to_upgrade_to_http2_is_ignored),
        cmocka_unit_test(a_body_too_large_is_refused_before_it_is_sent),
        cmocka_unit_test(a_body_too_large_is_not_told_to_continue),
        cmocka_unit_test(the_largest_body_is_accepted_and_one_byte_more_is_not),
        cmocka_unit_test(a_client_that_is_still_sending_can_read_the_413),
        cmocka_unit_test(a_refused_sender_that_never_stops_is_cut),
        cmocka_unit_test(a_sender_that_stops_in_mid_request_is_cut),
        cmocka_unit_test(a_sender_that_trickles_is_cut_all_the_same),
        cmocka_unit_test(a_client_that_leaves_in_mid_body_does_no_harm),
        cmocka_unit_test(folded_and_numberless_headers_do_no_harm),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
