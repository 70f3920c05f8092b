#include "support/raw_http.h"
#include "support/test.h"
#include "support/web_fixture.h"

#include <stdlib.h>
#include <unistd.h>

enum { UPLOAD = 100000 };

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST(path, length) "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Length: " length "\r\n\r\n"
#define CHUNKED "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

static struct web_fixture fixture;
static char body[UPLOAD + 2];

static int open_fixture(void **state)
{
    struct web_options options = web_fixture_options();

    (void)state;
    options.max_upload_bytes = UPLOAD;
    web_fixture_open(&fixture, options);
    memset(body, 'x', sizeof(body) - 1);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    web_fixture_close(&fixture);
    return 0;
}

static void assert_refused(int fd)
{
    AUTO(raw_answer) struct raw_answer answer;

    raw_read(fd, &answer);
    assert_int_equal(answer.status, 413);
    assert_string_equal(answer.body.data, "too large");
    assert_true(raw_has_header(&answer, "connection: close"));
    close(fd);
}

static void assert_taken(int fd)
{
    AUTO(raw_answer) struct raw_answer answer;

    raw_read(fd, &answer);
    assert_int_equal(answer.status, 200);
}

static void an_upload_of_the_largest_size_is_taken(void **state)
{
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_send(fd, POST("/upload", "100000"));
    raw_send_bytes(fd, body, UPLOAD);
    assert_taken(fd);
    close(fd);
}

static void an_upload_too_large_is_refused_before_any_of_it_is_sent(void **state)
{
    int before = web_fixture_handled(&fixture);
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_send(fd, POST("/upload?part=1", "100001"));
    assert_refused(fd);
    assert_int_equal(web_fixture_handled(&fixture), before);
}

static void an_upload_in_chunks_is_refused_when_it_becomes_too_large(void **state)
{
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_send(fd, CHUNKED "186A1\r\n");
    raw_send_bytes(fd, body, UPLOAD + 1);
    assert_refused(fd);
}

static void an_upload_whose_header_comes_in_pieces_is_refused_too(void **state)
{
    static const char head[] = POST("/upload", "100001");
    int fd = raw_connect(fixture.port);

    (void)state;
    for (const char *at = head; *at; at++) {
        raw_send_bytes(fd, at, 1);
    }
    assert_refused(fd);
}

static void other_routes_take_larger_bodies(void **state)
{
    int fd = raw_connect(fixture.port);

    (void)state;
    raw_send(fd, POST("/echo", "100001"));
    raw_send_bytes(fd, body, UPLOAD + 1);
    assert_taken(fd);
    close(fd);
}

static void behind_other_requests_the_same_limit_holds(void **state)
{
    int kept = raw_connect(fixture.port);
    int piped = raw_connect(fixture.port);

    (void)state;
    raw_send(kept, HELLO);
    assert_taken(kept);
    raw_send(kept, POST("/upload", "100001"));
    raw_send_bytes(kept, body, UPLOAD + 1);
    assert_refused(kept);
    raw_send(piped, HELLO POST("/upload", "100001"));
    raw_send_bytes(piped, body, UPLOAD + 1);
    assert_taken(piped);
    assert_refused(piped);
}

static void uploads_may_be_larger_than_other_bodies(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_fixture other;

    (void)state;
    options.max_upload_bytes = UPLOAD;
    options.max_body_bytes = 1000;
    web_fixture_open(&other, options);
    int large = raw_connect(other.port);
    int refused = raw_connect(other.port);

    raw_send(large, POST("/upload", "100000"));
    raw_send_bytes(large, body, UPLOAD);
    assert_taken(large);
    close(large);
    raw_send(refused, POST("/echo", "1001"));
    assert_refused(refused);
    web_fixture_close(&other);
}

static void one_upload_must_fit_into_the_bytes_in_flight(void **state)
{
    struct web_options options = web_fixture_options();
    struct web_server *server;
    struct err err;

    (void)state;
    options.max_upload_bytes = options.max_inflight_bytes + 1;
    assert_false(web_server_open(&options, &server, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_of_the_largest_size_is_taken),
        cmocka_unit_test(an_upload_too_large_is_refused_before_any_of_it_is_sent),
        cmocka_unit_test(an_upload_in_chunks_is_refused_when_it_becomes_too_large),
        cmocka_unit_test(an_upload_whose_header_comes_in_pieces_is_refused_too),
        cmocka_unit_test(other_routes_take_larger_bodies),
        cmocka_unit_test(behind_other_requests_the_same_limit_holds),
        cmocka_unit_test(uploads_may_be_larger_than_other_bodies),
        cmocka_unit_test(one_upload_must_fit_into_the_bytes_in_flight),
    };
    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
