#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/strmap.h"
#include "base/utf8.h"
#include "config/config.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static void a_job_id_is_prefix_time_and_six_characters(void **state)
{
    char id[ID_JOB_SIZE];

    (void)state;
    id_new_job("queue_import", 1714142335123, id);
    assert_int_equal(strlen(id), strlen("queue_import_1714142335123_") + 6);
    assert_memory_equal(id, "queue_import_1714142335123_", 27);
    assert_int_equal(strspn(id + 27, "abcdefghijklmnopqrstuvwxyz0123456789"), 6);
}

static void composed_ids_of_different_parts_never_meet(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(ID_JOIN(arena, "acme", "SKU-1"), "acme|SKU-1");
    assert_string_equal(ID_JOIN(arena, "a|b", "c"), "a%7Cb|c");
    assert_string_equal(ID_JOIN(arena, "a", "b|c"), "a|b%7Cc");
    assert_string_equal(ID_JOIN(arena, "a", "b%7Cc"), "a|b%257Cc");
}

static void dates_are_iso_8601_with_milliseconds(void **state)
{
    char out[CLOCK_ISO_SIZE];

    (void)state;
    clock_format_iso(1777035535123, out);
    assert_string_equal(out, "2026-04-24T12:58:55.123Z");
    clock_format_iso(-1, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999Z");
}

static void a_map_finds_each_of_ten_thousand_keys_in_order(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct strmap *map = strmap_new(arena);
    const char *key;

    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        char *name = arena_printf(arena, "key-%zu", i);

        strmap_put(map, name, name);
    }
    for (size_t i = 0; i < 10000; i++) {
        char *name = arena_printf(arena, "key-%zu", i);

        assert_string_equal(strmap_get(map, name), name);
        assert_string_equal(strmap_at(map, i, &key), name);
        assert_string_equal(key, name);
    }
    assert_null(strmap_get(map, "other"));
    strmap_put(map, "key-5", map);
    assert_ptr_equal(strmap_get(map, "key-5"), map);
    assert_int_equal(strmap_count(map), 10000);
}

static int released;

static void release(void *handle)
{
    released += *(int *)handle;
}

static void an_arena_releases_what_was_left_to_it(void **state)
{
    struct arena *arena = arena_new();
    int one = 1;

    (void)state;
    arena_defer(arena, release, &one);
    arena_alloc(arena, 1000000);
    arena_defer(arena, release, &one);
    arena_reset(arena);
    assert_int_equal(released, 2);
    assert_int_equal((uintptr_t)arena_alloc(arena, 3) % 16, 0);
    arena_free(arena);
    assert_int_equal(released, 2);
}

static void a_setting_out_of_range_is_refused_with_name_and_range(void **state)
{
    struct config config;
    struct err err;

    (void)state;
    setenv("CONSIGN_CHUNK_ROWS", "0", 1);
    assert_false(config_load(&config, &err));
    assert_non_null(strstr(err.msg, "CONSIGN_CHUNK_ROWS"));
    assert_non_null(strstr(err.msg, "from 1 to 3200"));
    setenv("CONSIGN_CHUNK_ROWS", "25x", 1);
    assert_false(config_load(&config, &err));
    setenv("CONSIGN_CHUNK_ROWS", "", 1);
    assert_ok(config_load(&config, &err), &err);
    assert_int_equal(config.chunk_rows, 250);
    config_done(&config);
}

static void bytes_that_are_no_character_are_dropped(void **state)
{
    static const char *const texts[][2] = {
        {"", ""},
        {"pi\xc3\xb9 \xe2\x82\xac \xf0\x9f\x98\x80", "pi\xc3\xb9 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\xc3", "a"},
        {"a\xe2\x82", "a"},
        {"a\xf0\x9f\x98", "a"},
        {"\x80\xbf"
         "b\xff",
         "b"},
        {"\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", ""},
        {"\xed\xa0\x80\xf4\x90\x80\x80\xf5", ""},
        {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"},
        {"\xc3(\xe2(\xa1", "(("},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char text[32];

        strcpy(text, texts[i][0]);
        utf8_mend(text);
        assert_string_equal(text, texts[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_id_is_prefix_time_and_six_characters),
        cmocka_unit_test(composed_ids_of_different_parts_never_meet),
        cmocka_unit_test(dates_are_iso_8601_with_milliseconds),
        cmocka_unit_test(a_map_finds_each_of_ten_thousand_keys_in_order),
        cmocka_unit_test(an_arena_releases_what_was_left_to_it),
        cmocka_unit_test(bytes_that_are_no_character_are_dropped),
        cmocka_unit_test(a_setting_out_of_range_is_refused_with_name_and_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
