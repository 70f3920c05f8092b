#include "support/raw_http.h"
#include "support/test.h"
#include "support/web_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct web_fixture fixture;

static int open_fixture(void **state)
{
    (void)state;
    web_fixture_open(&fixture, web_fixture_options());
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    web_fixture_close(&fixture);
    return 0;
}

static void assert_answer(const char *request, int status, const char *body)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    raw_ask(fd, request, &answer);
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.body.data, body);
    close(fd);
}

static void a_get_is_answered_by_its_handler(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body.data, "hello");
    assert_true(raw_has_header(&answer, "content-type: application/json"));
    close(fd);
}

static void every_answer_forbids_caching_and_sniffing(void **state)
{
    const char *const requests[] = {
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        AUTO(raw_answer) struct raw_answer answer;
        int fd = raw_connect(fixture.port);

        raw_ask(fd, requests[i], &answer);
        assert_true(raw_has_header(&answer, "cache-control: no-store"));
        assert_true(raw_has_header(&answer, "x-content-type-options: nosniff"));
        assert_false(raw_has_header(&answer, "server: h2o/2.2.5"));
        close(fd);
    }
}

static void a_handler_chooses_status_type_and_caching(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "GET /forge?v=fine HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    assert_int_equal(answer.status, 202);
    assert_true(raw_has_header(&answer, "content-type: text/plain"));
    assert_true(raw_has_header(&answer, "cache-control: max-age=60"));
    assert_true(raw_has_header(&answer, "x-value: fine"));
    assert_true(raw_has_header(&answer, "content-length: 0"));
    close(fd);
}

static void a_header_value_cannot_forge_another_header(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "GET /forge?v=a%0D%0Aset-cookie:%20forged=1 HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    assert_int_equal(answer.status, 202);
    assert_null(strstr(answer.head.data, "forged"));
    close(fd);
}

static void a_204_has_neither_body_nor_length(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    AUTO(raw_answer) struct raw_answer next;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    assert_int_equal(answer.status, 204);
    assert_null(strcasestr(answer.head.data, "content-length"));
    raw_ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &next);
    assert_int_equal(next.status, 200);
    close(fd);
}

static void a_head_has_the_length_but_not_the_body(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    AUTO(raw_answer) struct raw_answer next;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_send(fd, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    raw_read_head(fd, &answer);
    assert_int_equal(answer.status, 200);
    assert_true(raw_has_header(&answer, "content-length: 5"));
    raw_ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &next);
    assert_int_equal(next.status, 200);
    close(fd);
}

static void a_connection_serves_one_get_after_the_other(void **state)
{
    int fd = raw_connect(fixture.port);

    (void)state;
    for (int i = 0; i < 50; i++) {
        AUTO(raw_answer) struct raw_answer answer;

        raw_ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
        assert_int_equal(answer.status, 200);
        assert_true(raw_has_header(&answer, "connection: keep-alive"));
    }
    close(fd);
}

static void gets_sent_at_once_are_answered_in_order(void **state)
{
    AUTO(raw_answer) struct raw_answer first;
    AUTO(raw_answer) struct raw_answer second;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd,
            "GET /jobs/1 HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET /jobs/2 HTTP/1.1\r\nHost: a\r\n\r\n",
            &first);
    raw_read(fd, &second);
    assert_string_equal(first.body.data, "job 1");
    assert_string_equal(second.body.data, "job 2");
    close(fd);
}

static void a_posted_body_arrives_whole(void **state)
{
    AUTO(buf) struct buf expected = {0};

    (void)state;
    web_fixture_expect_echo("hello", 5, &expected);
    assert_answer("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 200,
                  expected.data);
}

static void a_chunked_body_arrives_whole(void **state)
{
    AUTO(buf) struct buf expected = {0};

    (void)state;
    web_fixture_expect_echo("hello world", 11, &expected);
    assert_answer("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: t\r\n\r\n",
                  200, expected.data);
}

static void a_post_without_a_body_has_an_empty_one(void **state)
{
    AUTO(buf) struct buf expected = {0};

    (void)state;
    web_fixture_expect_echo("", 0, &expected);
    assert_answer("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", 200, expected.data);
    assert_answer("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200,
                  expected.data);
}

static void a_client_that_asks_first_is_told_to_continue(void **state)
{
    AUTO(raw_answer) struct raw_answer interim;
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                 "Expect: 100-continue\r\n\r\n");
    raw_read_head(fd, &interim);
    assert_int_equal(interim.status, 100);
    raw_ask(fd, "hello", &answer);
    assert_int_equal(answer.status, 200);
    close(fd);
}

static void twenty_megabytes_arrive_unchanged(void **state)
{
    const size_t size = 20 << 20;
    char *body = malloc(size);
    AUTO(buf) struct buf expected = {0};
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    for (size_t i = 0; i < size; i++) {
        body[i] = (char)(i * 31 + (i >> 12));
    }
    web_fixture_expect_echo(body, size, &expected);
    assert_true(raw_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 20971520\r\n\r\n"));
    assert_true(raw_send_bytes(fd, body, size));
    raw_read(fd, &answer);
    assert_string_equal(answer.body.data, expected.data);
    assert_int_equal(web_server_inflight_bytes(fixture.server), 0);
    close(fd);
    free(body);
}

static void a_large_answer_arrives_whole(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    assert_int_equal(answer.body.len, LARGE_BYTES);
    close(fd);
}

static void two_hundred_requests_at_once_all_get_their_own_answer(void **state)
{
    int fds[200];

    (void)state;
    for (int i = 0; i < 200; i++) {
        char request[128];

        fds[i] = raw_connect(fixture.port);
        snprintf(request, sizeof(request), "GET /jobs/%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        assert_true(raw_send(fds[i], request));
    }
    for (int i = 0; i < 200; i++) {
        AUTO(raw_answer) struct raw_answer answer;
        char expected[32];

        snprintf(expected, sizeof(expected), "job %d", i);
        raw_read(fds[i], &answer);
        assert_string_equal(answer.body.data, expected);
        close(fds[i]);
    }
}

static void an_unknown_path_is_a_404_with_our_body(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    assert_int_equal(answer.status, 404);
    assert_string_equal(answer.body.data, "no route");
    assert_true(raw_has_header(&answer, "content-type: application/problem+json"));
    close(fd);
}

static void a_wrong_method_is_a_405_that_names_the_right_ones(void **state)
{
    AUTO(raw_answer) struct raw_answer answer;
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_ask(fd, "DELETE /jobs/1 HTTP/1.1\r\nHost: a\r\n\r\n", &answer);
    assert_int_equal(answer.status, 405);
    assert_string_equal(answer.body.data, "bad method");
    assert_true(raw_has_header(&answer, "allow: GET, HEAD"));
    close(fd);
}

static void a_parameter_is_decoded_within_its_segment(void **state)
{
    (void)state;
    assert_answer("GET /jobs/a%2Fb%20c HTTP/1.1\r\nHost: a\r\n\r\n", 200, "job a/b c");
    assert_answer("GET /jobs/..%2f..%2fetc HTTP/1.1\r\nHost: a\r\n\r\n", 200, "job ../../etc");
    assert_answer("GET /jobs/latest?x=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200, "the latest job");
}

static void a_malformed_parameter_is_a_404(void **state)
{
    (void)state;
    assert_answer("GET /jobs/%zz HTTP/1.1\r\nHost: a\r\n\r\n", 404, "no route");
    assert_answer("GET /jobs/a%2 HTTP/1.1\r\nHost: a\r\n\r\n", 404, "no route");
    assert_answer("GET /jobs/a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 404, "no route");
}

static void a_handler_sees_query_cookie_and_headers(void **state)
{
    (void)state;
    assert_answer("GET /look?a=1&q=x%26y+z HTTP/1.1\r\nHost: shop.example\r\n"
                  "X-TENANT: t1\r\nCookie: a=1; session=s3\r\n\r\n",
                  200, "x&y z\ns3\nt1\nshop.example\n");
    assert_answer("GET /look HTTP/1.1\r\n\r\n", 200, "(absent)\n(absent)\n(absent)\n(absent)\n");
}

static void a_port_that_is_taken_is_reported(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_server *server;
    struct err err;

    (void)state;
    options.port = fixture.port;
    assert_false(web_server_open(&options, &server, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void senseless_options_are_refused(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_server *server;
    struct err err;

    (void)state;
    options.max_inflight_bytes = options.max_body_bytes - 1;
    assert_false(web_server_open(&options, &server, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    options = web_fixture_options();
    options.address = "no address";
    assert_false(web_server_open(&options, &server, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void closing_no_server_is_allowed(void **state)
{
    (void)state;
    web_server_close(NULL, 0);
    assert_answer("GET /health HTTP/1.1\r\nHost: a\r\n\r\n", 200, "well");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_answered_by_its_handler),
        cmocka_unit_test(every_answer_forbids_caching_and_sniffing),
        cmocka_unit_test(a_handler_chooses_status_type_and_caching),
        cmocka_unit_test(a_header_value_cannot_forge_another_header),
        cmocka_unit_test(a_204_has_neither_body_nor_length),
        cmocka_unit_test(a_head_has_the_length_but_not_the_body),
        cmocka_unit_test(a_connection_serves_one_get_after_the_other),
        cmocka_unit_test(gets_sent_at_once_are_answered_in_order),
        cmocka_unit_test(a_posted_body_arrives_whole),
        cmocka_unit_test(a_chunked_body_arrives_whole),
        cmocka_unit_test(a_post_without_a_body_has_an_empty_one),
        cmocka_unit_test(a_client_that_asks_first_is_told_to_continue),
        cmocka_unit_test(twenty_megabytes_arrive_unchanged),
        cmocka_unit_test(a_large_answer_arrives_whole),
        cmocka_unit_test(two_hundred_requests_at_once_all_get_their_own_answer),
        cmocka_unit_test(an_unknown_path_is_a_404_with_our_body),
        cmocka_unit_test(a_wrong_method_is_a_405_that_names_the_right_ones),
        cmocka_unit_test(a_parameter_is_decoded_within_its_segment),
        cmocka_unit_test(a_malformed_parameter_is_a_404),
        cmocka_unit_test(a_handler_sees_query_cookie_and_headers),
        cmocka_unit_test(a_port_that_is_taken_is_reported),
        cmocka_unit_test(senseless_options_are_refused),
        cmocka_unit_test(closing_no_server_is_allowed),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
