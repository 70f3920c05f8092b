#include "store/uploads.h"

#include "base/buf.h"
#include "base/clock.h"
#include "support/database.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 255 * 1024, HOUR_MS = 3600 * 1000 };

/* No two bytes at a distance of a chunk are the same. */
static char *make_bytes(size_t n, unsigned seed)
{
    char *bytes = arena_alloc(database.arena, n + 1);

    for (size_t i = 0; i < n; i++) {
        bytes[i] = (char)((i * 31 + i / CHUNK + seed) & 0xff);
    }
    return bytes;
}

static struct upload upload_of(const char *key, size_t size)
{
    return (struct upload){.key = key,
                           .tenant = "acme",
                           .file_name = "prezzi \xc3\xa8.csv",
                           .content_type = "text/csv",
                           .size = (int64_t)size,
                           .expires_at_ms = clock_now_ms() + HOUR_MS};
}

static void put(const struct upload *upload, const char *bytes)
{
    struct err err;

    assert_ok(uploads_put(database.session, upload, bytes, &err), &err);
}

static bool append(void *ctx, struct str piece, struct err *err)
{
    (void)err;
    assert_true(piece.n <= CHUNK);
    buf_add(ctx, piece.p, piece.n);
    return true;
}

static void assert_content(const char *key, const char *bytes, size_t n)
{
    AUTO(buf) struct buf read = {0};
    struct upload found;
    struct err err;

    assert_ok(uploads_get(database.session, key, database.arena, &found, &err), &err);
    assert_int_equal(found.size, n);
    assert_ok(uploads_read(database.session, &found, append, &read, &err), &err);
    assert_int_equal(read.len, n);
    assert_true(n == 0 || memcmp(read.data, bytes, n) == 0);
}

static void assert_absent(const char *key)
{
    struct upload found;
    struct err err;

    assert_false(uploads_get(database.session, key, database.arena, &found, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static int64_t chunks_of(const char *key)
{
    AUTO(bson) bson_t *filter = BCON_NEW("files_id", BCON_UTF8(key));
    int64_t count;
    struct err err;

    assert_ok(store_count(database.session, "uploads.chunks", filter, &count, &err), &err);
    return count;
}

static void what_was_put_is_read_back(void **state)
{
    const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 40 * CHUNK + 7};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *key = arena_printf(database.arena, "file_%zu", i);
        struct upload upload = upload_of(key, sizes[i]);
        const char *bytes = make_bytes(sizes[i], 0);

        put(&upload, bytes);
        assert_content(key, bytes, sizes[i]);
    }
}

static void what_is_known_of_a_file_is_found(void **state)
{
    struct upload upload = upload_of("known", 1);
    struct upload found;
    struct err err;

    (void)state;
    put(&upload, "x");
    assert_ok(uploads_get(database.session, "known", database.arena, &found, &err), &err);
    assert_string_equal(found.key, "known");
    assert_string_equal(found.tenant, "acme");
    assert_string_equal(found.file_name, upload.file_name);
    assert_string_equal(found.content_type, "text/csv");
    assert_int_equal(found.expires_at_ms, upload.expires_at_ms);
}

static void a_second_upload_replaces_the_first(void **state)
{
    struct upload large = upload_of("twice", 3 * CHUNK);
    struct upload small = upload_of("twice", 10);
    const char *bytes = make_bytes(3 * CHUNK, 1);

    (void)state;
    put(&large, bytes);
    put(&large, bytes);
    assert_content("twice", bytes, 3 * CHUNK);
    put(&small, bytes);
    assert_content("twice", bytes, 10);
    assert_int_equal(chunks_of("twice"), 1);
}

static void no_tenant_touches_the_file_of_another(void **state)
{
    struct upload ours = upload_of("ours", 4);
    struct upload theirs = upload_of("ours", 4);
    struct err err;

    (void)state;
    theirs.tenant = "globex";
    put(&ours, "ours");
    assert_false(uploads_put(database.session, &theirs, "evil", &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_content("ours", "ours", 4);
}

static void a_file_whose_time_is_over_is_not_found(void **state)
{
    struct upload upload = upload_of("old", 1);

    (void)state;
    upload.expires_at_ms = clock_now_ms() - 1;
    put(&upload, "x");
    assert_absent("old");
    assert_absent("never");
}

static void a_file_with_a_chunk_missing_is_not_handed_out_as_whole(void **state)
{
    struct upload upload = upload_of("torn", 3 * CHUNK);
    AUTO(bson) bson_t *filter = BCON_NEW("files_id", BCON_UTF8("torn"), "n", BCON_INT32(1));
    AUTO(buf) struct buf read = {0};
    struct err err;

    (void)state;
    put(&upload, make_bytes(3 * CHUNK, 0));
    assert_ok(store_delete(database.session, "uploads.chunks", filter, NULL, &err), &err);
    assert_false(uploads_read(database.session, &upload, append, &read, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
}

static bool refuse_second(void *ctx, struct str piece, struct err *err)
{
    int *count = ctx;

    (void)piece;
    return ++*count < 2 || err_set(err, ERR_INVALID, "enough");
}

static void a_reader_may_stop(void **state)
{
    struct upload upload = upload_of("stopped", 4 * CHUNK);
    int count = 0;
    struct err err;

    (void)state;
    put(&upload, make_bytes(4 * CHUNK, 0));
    assert_false(uploads_read(database.session, &upload, refuse_second, &count, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_string_equal(err.msg, "enough");
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_read_back),
        cmocka_unit_test(what_is_known_of_a_file_is_found),
        cmocka_unit_test(a_second_upload_replaces_the_first),
        cmocka_unit_test(no_tenant_touches_the_file_of_another),
        cmocka_unit_test(a_file_whose_time_is_over_is_not_found),
        cmocka_unit_test(a_file_with_a_chunk_missing_is_not_handed_out_as_whole),
        cmocka_unit_test(a_reader_may_stop),
    };
    return cmocka_run_group_tests(tests, database_open_with_schema, database_close);
}
