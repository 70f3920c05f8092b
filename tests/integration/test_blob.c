#include "blob/blob.h"

#include "base/clock.h"
#include "config/config.h"
#include "support/database.h"
#include "support/raw_http.h"
#include "support/test.h"
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 5 * 1024 * 1024 + 3 };

/* The same stories for both stores. */
struct fixture {
    struct config config;
    struct blobs *blobs;
    struct blob_store store;
    struct blob_store others; /* another tenant's, in the same place */
    char *large;
};

static int open_fixture(void **state, enum blob_kind kind)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct err err;

    assert_ok(config_load(&fixture->config, &err), &err);
    assert_ok(blobs_open(&fixture->config, database.store, &fixture->blobs, &err), &err);
    fixture->store.kind = kind;
    snprintf(fixture->store.tenant, sizeof(fixture->store.tenant), "%s", test_unique());
    if (kind == BLOB_S3) {
        snprintf(fixture->store.bucket, sizeof(fixture->store.bucket), "%s",
                 test_env("CONSIGN_S3_TEST_BUCKET", "consign-test"));
    }
    fixture->others = fixture->store;
    snprintf(fixture->others.tenant, sizeof(fixture->others.tenant), "%sx", test_unique());
    fixture->large = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++) {
        fixture->large[i] = (char)(i * 31 + i / 4096);
    }
    *state = fixture;
    return 0;
}

static int open_gridfs(void **state)
{
    return open_fixture(state, BLOB_GRIDFS);
}

static int open_s3(void **state)
{
    return open_fixture(state, BLOB_S3);
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;

    blobs_close(fixture->blobs);
    config_done(&fixture->config);
    free(fixture->large);
    free(fixture);
    return 0;
}

static struct blob named(const char *key)
{
    return (struct blob){key, "prezzi \xc3\xa8.csv", "text/csv"};
}

static void put(struct fixture *fixture, const char *key, struct str bytes)
{
    struct blob blob = named(key);
    struct err err;

    assert_ok(blob_put(fixture->blobs, &fixture->store, &blob, bytes, &err), &err);
}

static bool append(void *ctx, struct str piece, struct err *err)
{
    (void)err;
    assert_true(piece.n <= 255 * 1024);
    buf_add(ctx, piece.p, piece.n);
    return true;
}

static void assert_content(struct fixture *fixture, const char *key, struct str bytes)
{
    AUTO(buf) struct buf read = {0};
    struct err err;

    assert_ok(blob_read(fixture->blobs, &fixture->store, key, append, &read, &err), &err);
    assert_true(str_eq((struct str){read.data, read.len}, bytes));
}

static void assert_absent(struct fixture *fixture, const struct blob_store *store, const char *key)
{
    AUTO(buf) struct buf read = {0};
    struct err err;

    assert_false(blob_read(fixture->blobs, store, key, append, &read, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_int_equal(read.len, 0);
}

static void files_are_put_and_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct str large = {fixture->large, LARGE};

    assert_absent(fixture, &fixture->store, "a_1.csv");
    put(fixture, "a_1.csv", large);
    assert_content(fixture, "a_1.csv", large);
    put(fixture, "a_1.csv", STR("short"));
    assert_content(fixture, "a_1.csv", STR("short"));
    put(fixture, "a_1.csv", STR(""));
    assert_content(fixture, "a_1.csv", STR(""));
}

static void a_tenant_sees_no_file_of_another(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "private", STR("ours"));
    assert_absent(fixture, &fixture->others, "private");
}

static bool refuse(void *ctx, struct str piece, struct err *err)
{
    (void)ctx;
    (void)piece;
    return err_set(err, ERR_INVALID, "enough");
}

static void a_reader_may_stop(void **state)
{
    struct fixture *fixture = *state;
    struct err err;

    put(fixture, "stopped", (struct str){fixture->large, LARGE});
    assert_false(blob_read(fixture->blobs, &fixture->store, "stopped", refuse, NULL, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.msg, "enough");
}

static void keys_that_are_no_segment_of_a_path_are_refused(void **state)
{
    static const char *const keys[] = {"", ".", "..", ".a", "-a", "a/b", "a b", "a%2f", "\xc3\xa8"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct blob blob = named(keys[i]);
        struct err err;
        int fd;

        assert_false(blob_put(fixture->blobs, &fixture->store, &blob, STR("x"), &err));
        assert_int_equal(err.kind, ERR_INVALID);
        assert_false(blob_fetch(fixture->blobs, &fixture->store, keys[i], &fd, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

/* ---- S3 alone ---- */

/* Fetches a link as anybody would. */
static int fetch(const char *link, struct raw_answer *answer)
{
    AUTO(buf) struct buf request = {0};
    const char *host = strstr(link, "://") + 3;
    const char *path = strchr(host, '/');
    int fd = raw_connect((int)strtol(strchr(host, ':') + 1, NULL, 10));

    buf_printf(&request, "GET %s HTTP/1.1\r\nHost: %.*s\r\nConnection: close\r\n\r\n", path,
               (int)(path - host), host);
    raw_ask(fd, request.data, answer);
    close(fd);
    return answer->status;
}

static void a_link_into_s3_works_for_a_time_and_for_its_file_only(void **state)
{
    struct fixture *fixture = *state;
    struct blob blob = named("linked.csv");
    AUTO(raw_answer) struct raw_answer good;
    AUTO(raw_answer) struct raw_answer late;
    AUTO(raw_answer) struct raw_answer forged;
    AUTO(buf) struct buf link = {0};
    AUTO(buf) struct buf old = {0};
    int64_t now_ms = clock_now_ms();
    struct err err;

    put(fixture, "linked.csv", STR("sku;price"));
    put(fixture, "linkee.csv", STR("secret"));
    assert_ok(blob_append_link(fixture->blobs, &fixture->store, &blob, now_ms, &link, &err), &err);
    assert_int_equal(fetch(link.data, &good), 200);
    assert_true(str_is((struct str){good.body.data, good.body.len}, "sku;price"));
    assert_true(raw_has_header(&good, "content-type: text/csv"));
    assert_true(raw_has_header(
        &good, "content-disposition: attachment; filename*=UTF-8''prezzi%20%C3%A8.csv"));
    strstr(link.data, "linked")[5] = 'e';
    assert_int_equal(fetch(link.data, &forged), 403);
    assert_ok(blob_append_link(fixture->blobs, &fixture->store, &blob,
                               now_ms - (fixture->config.link_ttl_s + 5) * 1000, &old, &err),
              &err);
    assert_int_equal(fetch(old.data, &late), 403);
}

static void assert_put_fails(struct fixture *fixture, enum err_kind kind)
{
    struct blob blob = named("a");
    struct err err;

    assert_false(blob_put(fixture->blobs, &fixture->store, &blob, STR("x"), &err));
    assert_int_equal(err.kind, kind);
    assert_null(strstr(err.msg, fixture->config.s3_secret_key));
}

static void replace(char **text, const char *with)
{
    mem_free(*text);
    *text = mem_strdup(with);
}

static void use_endpoint(struct fixture *fixture, const char *endpoint)
{
    struct err err;

    blobs_close(fixture->blobs);
    replace(&fixture->config.s3_endpoint, endpoint);
    assert_ok(blobs_open(&fixture->config, database.store, &fixture->blobs, &err), &err);
}

static void a_broken_set_up_is_told_from_a_server_that_is_away(void **state)
{
    struct fixture *fixture = *state;

    replace(&fixture->config.s3_secret_key, "not the secret");
    assert_put_fails(fixture, ERR_INTERNAL);
    use_endpoint(fixture, "http://127.0.0.1:1/");
    assert_put_fails(fixture, ERR_UNAVAILABLE);
    use_endpoint(fixture, "");
    assert_put_fails(fixture, ERR_INTERNAL);
}

/* ---- answers that the server of the tests never gives ---- */

/* Answers with the status that is the key, as S3 does when the bucket is not there. */
static void refuse_request(void *app, struct web_request *request, struct web_reply *reply)
{
    (void)app;
    reply->status = (int)strtol(request->params[2].p, NULL, 10);
    if (str_is(request->params[0], "no-bucket")) {
        buf_adds(&reply->body, "<Error><Code>NoSuchBucket</Code></Error>");
    }
}

static void no_trouble(enum web_trouble trouble, struct web_reply *reply)
{
    (void)reply;
    fail_msg("trouble %d", trouble);
}

static struct web_server *open_refusing_server(void)
{
    static const struct web_route routes[] = {
        {"PUT", "/:bucket/:tenant/:key", refuse_request, WEB_PLAIN},
        {"GET", "/:bucket/:tenant/:key", refuse_request, WEB_PLAIN},
    };
    const struct web_options options = {.address = "127.0.0.1",
                                        .routes = routes,
                                        .route_count = 2,
                                        .workers = 1,
                                        .queue_length = 1,
                                        .max_body_bytes = 1000,
                                        .max_inflight_bytes = 1000,
                                        .max_connections = 10,
                                        .request_timeout_ms = 10000,
                                        .problem = no_trouble};
    struct web_server *server;
    struct err err;

    assert_ok(web_server_open(&options, &server, &err), &err);
    return server;
}

/* What putting and reading make of it. */
static void assert_kinds(struct fixture *fixture, const char *bucket, const char *status,
                         const enum err_kind kinds[2])
{
    AUTO(buf) struct buf read = {0};
    struct blob blob = named(status);
    struct err err;

    snprintf(fixture->store.bucket, sizeof(fixture->store.bucket), "%s", bucket);
    assert_false(blob_put(fixture->blobs, &fixture->store, &blob, STR("x"), &err));
    assert_int_equal(err.kind, kinds[0]);
    assert_false(blob_read(fixture->blobs, &fixture->store, status, append, &read, &err));
    assert_int_equal(err.kind, kinds[1]);
    assert_int_equal(read.len, 0);
}

static void a_refusal_says_what_must_be_done(void **state)
{
    static const struct {
        const char *bucket;
        const char *status;
        enum err_kind kinds[2];
    } cases[] = {
        {"bucket", "404", {ERR_INTERNAL, ERR_NOT_FOUND}},
        {"no-bucket", "404", {ERR_INTERNAL, ERR_INTERNAL}},
        {"bucket", "403", {ERR_INTERNAL, ERR_INTERNAL}},
        {"bucket", "409", {ERR_CONFLICT, ERR_CONFLICT}},
        {"bucket", "429", {ERR_UNAVAILABLE, ERR_UNAVAILABLE}},
        {"bucket", "503", {ERR_UNAVAILABLE, ERR_UNAVAILABLE}},
    };
    struct fixture *fixture = *state;
    struct web_server *server = open_refusing_server();
    char endpoint[64];

    snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", web_server_port(server));
    use_endpoint(fixture, endpoint);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_kinds(fixture, cases[i].bucket, cases[i].status, cases[i].kinds);
    }
    web_server_close(server, 1000);
}

#define BOTH(test)                                                                                 \
    {#test " (GridFS)", test, open_gridfs, close_fixture, NULL},                                   \
    {                                                                                              \
#test " (S3)", test, open_s3, close_fixture, NULL                                          \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(files_are_put_and_replaced),
        BOTH(a_tenant_sees_no_file_of_another),
        BOTH(a_reader_may_stop),
        BOTH(keys_that_are_no_segment_of_a_path_are_refused),
        cmocka_unit_test_setup_teardown(a_link_into_s3_works_for_a_time_and_for_its_file_only,
                                        open_s3, close_fixture),
        cmocka_unit_test_setup_teardown(a_broken_set_up_is_told_from_a_server_that_is_away, open_s3,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_refusal_says_what_must_be_done, open_s3, close_fixture),
    };
    return cmocka_run_group_tests(tests, database_open_with_schema, database_close);
}
