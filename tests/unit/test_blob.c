#include "blob/blob.h"

#include "blob/s3_link.h"
#include "config/config.h"
#include "support/rows.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

static char pepper[] = "a pepper that is long enough for it";
static char public_url[] = "https://api.example.com/";
static char no_endpoint[] = "";
static struct config config = {
    .key_pepper = pepper, .public_url = public_url, .s3_endpoint = no_endpoint, .link_ttl_s = 3600};

static const struct blob_store gridfs = {.kind = BLOB_GRIDFS, .tenant = "acme"};

/* ---- the store of a tenant ---- */

static bool read_store(const char *json, struct blob_store *out, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();

    return blob_store_of_tenant(test_document(arena, json), out, err);
}

static void a_tenant_keeps_its_files_where_its_document_says(void **state)
{
    struct blob_store store;
    struct err err;

    (void)state;
    assert_ok(read_store("{'_id': 'acme', 'store': {'type': 's3', 'bucket': 'our.files-1'}}",
                         &store, &err),
              &err);
    assert_int_equal(store.kind, BLOB_S3);
    assert_string_equal(store.tenant, "acme");
    assert_string_equal(store.bucket, "our.files-1");
    assert_ok(read_store("{'_id': 'acme', 'store': {'type': 'gridfs'}}", &store, &err), &err);
    assert_int_equal(store.kind, BLOB_GRIDFS);
}

static void a_tenant_that_says_nothing_has_the_database(void **state)
{
    struct blob_store store;
    struct err err;

    (void)state;
    assert_ok(read_store("{'_id': 'acme', 'name': 'ACME'}", &store, &err), &err);
    assert_int_equal(store.kind, BLOB_GRIDFS);
    assert_string_equal(store.tenant, "acme");
}

static void a_tenant_may_have_no_store(void **state)
{
    struct blob_store store;
    struct err err;

    (void)state;
    assert_false(read_store("{'_id': 'acme', 'store': null}", &store, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void a_damaged_store_is_no_store(void **state)
{
    static const char *const stores[] = {
        "'gridfs'",
        "{}",
        "{'type': 'ftp'}",
        "{'type': 1}",
        "{'type': 's3'}",
        "{'type': 's3', 'bucket': ''}",
        "{'type': 's3', 'bucket': 'UPPER'}",
        "{'type': 's3', 'bucket': 'a/b'}",
        "{'type': 's3', 'bucket': '../..'}",
        "{'type': 's3', 'bucket': "
        "'0123456789012345678901234567890123456789012345678901234567890123'}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct blob_store store;
        struct err err;

        assert_false(read_store(arena_printf(arena, "{'_id': 'acme', 'store': %s}", stores[i]),
                                &store, &err));
        assert_int_equal(err.kind, ERR_INTERNAL);
    }
}

static void an_endpoint_is_scheme_host_and_port(void **state)
{
    static const char *const good[] = {"", "http://127.0.0.1:9600", "https://s3.example.com/",
                                       "http://[::1]:9600"};
    static const char *const bad[] = {"s3.example.com",   "ftp://a",          "http://",
                                      "https://a/bucket", "http://user:pw@a", "http://a?b"};
    struct config changed = config;
    struct blobs *blobs;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        changed.s3_endpoint = (char *)good[i];
        assert_ok(blobs_open(&changed, NULL, &blobs, &err), &err);
        blobs_close(blobs);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        changed.s3_endpoint = (char *)bad[i];
        assert_false(blobs_open(&changed, NULL, &blobs, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

/* ---- links ---- */

enum { NOW_S = 1714142335, EXPIRES_S = NOW_S + 3600, SIGNATURE = 64 };

static const struct blob blob = {"import_1714142335123_a4f9k2", "prezzi \xc3\xa8.csv", "text/csv"};

static void make_link(const struct config *with, struct buf *out)
{
    AUTO(blobs) struct blobs *blobs = NULL;
    struct err err;

    assert_ok(blobs_open(with, NULL, &blobs, &err), &err);
    assert_ok(blob_append_link(blobs, &gridfs, &blob, NOW_S * INT64_C(1000) + 999, out, &err),
              &err);
}

static void a_link_names_the_file_and_its_time(void **state)
{
    AUTO(buf) struct buf link = {0};
    AUTO(buf) struct buf local = {0};
    struct config here = config;

    (void)state;
    make_link(&config, &link);
    assert_int_equal(link.len, strlen(link.data));
    link.data[link.len - SIGNATURE] = '\0';
    assert_string_equal(link.data, "https://api.example.com/api/b2b/files/"
                                   "import_1714142335123_a4f9k2/prezzi%20%C3%A8.csv"
                                   "?expires=1714145935&signature=");
    here.public_url = no_endpoint;
    here.port = 8080;
    make_link(&here, &local);
    assert_memory_equal(local.data, "http://127.0.0.1:8080/api/b2b/files/", 36);
}

static bool check(const struct config *with, struct blob_link link)
{
    struct err err;
    bool ok = blob_check_link(with, &link, &err);

    assert_true(ok || err.kind == ERR_INVALID);
    return ok;
}

static void only_the_link_that_was_made_is_good(void **state)
{
    static char other_pepper[] = "another pepper that is long enough";
    AUTO(buf) struct buf text = {0};
    struct config other = config;

    (void)state;
    other.key_pepper = other_pepper;
    make_link(&config, &text);
    struct str signature = {text.data + text.len - SIGNATURE, SIGNATURE};
    struct blob_link link = {blob.key, blob.file_name, EXPIRES_S, signature};

    assert_true(check(&config, link));
    assert_false(check(&other, link));
    assert_false(check(&config, (struct blob_link){"import_1714142335123_a4f9k3", blob.file_name,
                                                   EXPIRES_S, signature}));
    assert_false(check(&config, (struct blob_link){blob.key, "x.csv", EXPIRES_S, signature}));
    assert_false(
        check(&config, (struct blob_link){blob.key, blob.file_name, EXPIRES_S + 1, signature}));
    assert_false(
        check(&config, (struct blob_link){blob.key, blob.file_name, EXPIRES_S, {NULL, 0}}));
    signature.n--;
    assert_false(
        check(&config, (struct blob_link){blob.key, blob.file_name, EXPIRES_S, signature}));
    signature.n++;
    text.data[text.len - 1] ^= 1;
    assert_false(
        check(&config, (struct blob_link){blob.key, blob.file_name, EXPIRES_S, signature}));
}

static void a_link_is_made_of_allowed_names_only(void **state)
{
    static const struct blob bad[] = {{"a/b", "x", ""}, {"a", "", ""}, {"a", "\xff", ""}};
    AUTO(blobs) struct blobs *blobs = NULL;
    AUTO(buf) struct buf out = {0};
    struct err err;

    (void)state;
    assert_ok(blobs_open(&config, NULL, &blobs, &err), &err);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(blob_append_link(blobs, &gridfs, &bad[i], 0, &out, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    assert_int_equal(out.len, 0);
}

/* The example of "Authenticating Requests: Using Query Parameters" in Amazon's S3 reference. */
static void a_link_into_s3_is_signed_as_amazon_does_it(void **state)
{
    AUTO(buf) struct buf out = {0};

    (void)state;
    s3_link_append(
        &(struct s3_link){
            .endpoint = STR("https://examplebucket.s3.amazonaws.com"),
            .path = "/test.txt",
            .region = "us-east-1",
            .access_key = "AKIAIOSFODNN7EXAMPLE",
            .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            .now_ms = INT64_C(1369353600000),
            .ttl_s = 86400,
        },
        &out);
    assert_string_equal(
        out.data,
        "https://examplebucket.s3.amazonaws.com/test.txt"
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

static void a_file_name_in_a_header_cannot_break_out_of_it(void **state)
{
    AUTO(buf) struct buf out = {0};

    (void)state;
    blob_append_disposition(&out, "a\"b;\r\nx: \xc3\xa8.csv");
    assert_string_equal(out.data, "attachment; filename*=UTF-8''a%22b%3B%0D%0Ax%3A%20%C3%A8.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenant_keeps_its_files_where_its_document_says),
        cmocka_unit_test(a_tenant_that_says_nothing_has_the_database),
        cmocka_unit_test(a_tenant_may_have_no_store),
        cmocka_unit_test(a_damaged_store_is_no_store),
        cmocka_unit_test(an_endpoint_is_scheme_host_and_port),
        cmocka_unit_test(a_link_names_the_file_and_its_time),
        cmocka_unit_test(only_the_link_that_was_made_is_good),
        cmocka_unit_test(a_link_is_made_of_allowed_names_only),
        cmocka_unit_test(a_link_into_s3_is_signed_as_amazon_does_it),
        cmocka_unit_test(a_file_name_in_a_header_cannot_break_out_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
