#include "json/json.h"
#include "message/message.h"
#include "support/test.h"

#include <string.h>

static const struct json_limits limits = {
    .max_depth = 32, .max_keys = 1000, .max_row_bytes = 921600, .max_rows = 10000};

/* A copy with the padding that the reader needs. */
static struct str padded(struct arena *arena, const char *text, size_t n)
{
    char *copy = arena_calloc(arena, n + 64, 1);

    memcpy(copy, text, n);
    return (struct str){copy, n};
}

static void assert_reads_as(const char *text, const char *expected)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf out = {0};
    struct json_fault fault;
    const bson_t *document;

    if (!json_read_object(padded(arena, text, strlen(text)), &limits, arena, &document, &fault)) {
        fail_msg("%s: %s: %s", text, fault.code, fault.detail);
    }
    assert_true(
        message_is_bson((struct str){(const char *)bson_get_data(document), document->len}));
    json_write(&out, document);
    assert_string_equal(out.data, expected);
}

static void assert_refused(const char *text, const char *code, const char *path)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct json_fault fault;
    const bson_t *document;

    assert_false(
        json_read_object(padded(arena, text, strlen(text)), &limits, arena, &document, &fault));
    assert_string_equal(fault.code, code);
    assert_string_equal(fault.path, path);
}

static void numbers_read_back_as_the_shortest_text_of_the_same_number(void **state)
{
    (void)state;
    assert_reads_as("{\"a\":19.99,\"b\":9.80,\"c\":1e3,\"d\":-0.5}",
                    "{\"a\":19.99,\"b\":9.8,\"c\":1000.0,\"d\":-0.5}");
    assert_reads_as("{\"a\":0,\"b\":-1,\"c\":9223372036854775807,\"d\":-9223372036854775808}",
                    "{\"a\":0,\"b\":-1,\"c\":9223372036854775807,\"d\":-9223372036854775808}");
    assert_reads_as("{\"a\":9223372036854775808}", "{\"a\":9223372036854775808.0}");
    assert_reads_as("{\"a\":10.0}", "{\"a\":10.0}");
}

static void text_with_accents_escapes_and_emoji_survives(void **state)
{
    (void)state;
    assert_reads_as("{\"a\":\"Pi\xc3\xb9 \\\"1/2\\\" \\u00e8 \\ud83d\\ude00\\n\"}",
                    "{\"a\":\"Pi\xc3\xb9 \\\"1/2\\\" \xc3\xa8 \xf0\x9f\x98\x80\\n\"}");
    assert_reads_as("{\"k\\u0065y\":\"\\u0000\"}", "{\"key\":\"\\u0000\"}");
}

static void extended_json_is_never_interpreted(void **state)
{
    static const char *const texts[] = {"{\"a\":{\"$oid\":\"507f1f77bcf86cd799439011\"}}",
                                        "{\"$where\":\"1\"}", "{\"a\":{\"b\":{\"$date\":0}}}"};
    static const char *const paths[] = {"/a/$oid", "/$where", "/a/b/$date"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_refused(texts[i], "json_bad_key", paths[i]);
    }
    assert_refused("{\"a.b\":1}", "json_bad_key", "/a.b");
    assert_refused("{\"x\":[{\"__proto__\":1}]}", "json_bad_key", "/x/0/__proto__");
    assert_refused("{\"a\\u0000b\":1}", "json_bad_key", "/a");
}

static void malformed_json_is_refused_with_a_code(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{'a':1}",
        "{\"a\":tru}",
        "{\"a\":1.}",
        "{\"a\":nulll}",
        "{\"a\":1}{}",
        "{\"a\":\"\x01\"}",
        "{\"a\":[1,2}",
        "{\"a\":\"\\x\"}",
        "{\"a\":+1}",
        "{\"a\":NaN}",
        "{\"a\":\"b",
        "{\"a\":1}x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct json_fault fault;
        const bson_t *document;

        if (json_read_object(padded(arena, texts[i], strlen(texts[i])), &limits, arena, &document,
                             &fault)) {
            fail_msg("accepted: %s", texts[i]);
        }
        assert_string_equal(fault.code, "json_syntax");
    }
    assert_refused("[]", "json_not_object", "");
}

static void invalid_utf8_is_refused_with_its_offset(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct json_fault fault;
    const bson_t *document;
    const char text[] = "{\"a\":\"\xc3\xb9\xff\"}";

    (void)state;
    assert_false(
        json_read_object(padded(arena, text, sizeof(text) - 1), &limits, arena, &document, &fault));
    assert_string_equal(fault.code, "json_encoding");
    assert_int_equal(fault.offset, 8);
}

static void a_key_that_stands_twice_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"a\":1,\"b\":{\"x\":1,\"y\":2,\"x\":3}}", "json_duplicate_key", "/b/x");
    assert_reads_as("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}",
                    "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}");
}

static void nesting_of_32_levels_is_read_and_33_refused(void **state)
{
    AUTO(buf) struct buf text = {0};
    AUTO(arena) struct arena *arena = arena_new();
    struct json_fault fault;
    const bson_t *document;

    (void)state;
    for (int levels = 32; levels <= 33; levels++) {
        buf_clear(&text);
        buf_adds(&text, "{\"a\":");
        for (int i = 1; i < levels; i++) {
            buf_addc(&text, '[');
        }
        for (int i = 1; i < levels; i++) {
            buf_addc(&text, ']');
        }
        buf_addc(&text, '}');
        bool ok =
            json_read_object(padded(arena, text.data, text.len), &limits, arena, &document, &fault);
        assert_int_equal(ok, levels == 32);
    }
    assert_string_equal(fault.code, "json_too_deep");
}

static void a_million_open_brackets_are_refused_without_recursion(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t n = 1000000;
    char *text = arena_calloc(arena, n + 64, 1);
    struct json_fault fault;
    const bson_t *document;

    (void)state;
    memset(text, '[', n);
    assert_false(json_read_object((struct str){text, n}, &limits, arena, &document, &fault));
    memcpy(text, "{\"a\":", 5);
    assert_false(json_read_object((struct str){text, n}, &limits, arena, &document, &fault));
}

static void numbers_beyond_a_double_or_64_characters_are_refused(void **state)
{
    char text[200] = "{\"n\":";

    (void)state;
    assert_refused("{\"n\":1e999}", "json_bad_number", "/n");
    memset(text + 5, '9', 100);
    strcpy(text + 105, "}");
    assert_refused(text, "json_bad_number", "/n");
}

static void rows_are_read_apart_from_their_envelope(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char text[] =
        "{\"source_id\":\"s\",\"products\":[{\"sku\":\"A\"},{\"sku\":\"B\"}],\"z\":1}";
    struct json_import import;
    struct json_fault fault;
    bson_t row;

    (void)state;
    assert_true(json_read_import(padded(arena, text, sizeof(text) - 1), "products", &limits, arena,
                                 &import, &fault));
    assert_true(import.rows_present);
    assert_int_equal(import.row_count, 2);
    assert_true(bson_has_field(import.envelope, "source_id"));
    assert_true(bson_has_field(import.envelope, "z"));
    assert_false(bson_has_field(import.envelope, "products"));
    assert_true(bson_init_static(&row, import.rows[1].bson, import.rows[1].size));
    assert_true(bson_has_field(&row, "sku"));
}

static void a_fault_inside_a_row_names_the_row(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char text[] = "{\"products\":[{\"sku\":\"A\"},{\"sku\":{\"$ne\":1}}]}";
    struct json_import import;
    struct json_fault fault;

    (void)state;
    assert_false(json_read_import(padded(arena, text, sizeof(text) - 1), "products", &limits, arena,
                                  &import, &fault));
    assert_string_equal(fault.code, "json_bad_key");
    assert_int_equal(fault.row, 1);
    assert_string_equal(fault.path, "/products/1/sku/$ne");
}

static void faults_that_stop_the_reader_at_once_still_name_offset_and_row(void **state)
{
    static const struct {
        const char *text;
        const char *code;
        int64_t offset;
        int64_t row;
    } cases[] = {
        {"{\"r\":[{\"a\":1},{\"a\":\"\xff\"}]}", "json_encoding", 20, 1},
        {"{\"r\":[{\"a\":\"x\ny\"},{}]}", "json_syntax", 13, 0},
        {"{\"x\":[1,2],\"y\":\"\xff\",\"r\":[]}", "json_encoding", 16, -1},
        {"{\"r\":[{},{},{\"a\":\"b}]}", "json_syntax", 22, 2},
        {"\xff\xfe{", "json_encoding", 0, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(arena) struct arena *arena = arena_new();
        struct json_import import;
        struct json_fault fault;

        assert_false(json_read_import(padded(arena, cases[i].text, strlen(cases[i].text)), "r",
                                      &limits, arena, &import, &fault));
        assert_string_equal(fault.code, cases[i].code);
        assert_int_equal(fault.offset, cases[i].offset);
        assert_int_equal(fault.row, cases[i].row);
    }
}

static void a_row_over_the_limit_is_kept_as_a_gap(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct json_limits small = limits;
    const char text[] = "{\"r\":[{\"a\":\"0123456789\"},{\"a\":1}]}";
    struct json_import import;
    struct json_fault fault;

    (void)state;
    small.max_row_bytes = 20;
    assert_true(json_read_import(padded(arena, text, sizeof(text) - 1), "r", &small, arena, &import,
                                 &fault));
    assert_int_equal(import.row_count, 2);
    assert_null(import.rows[0].bson);
    assert_non_null(import.rows[1].bson);
}

static void one_row_too_many_stops_the_reading(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct json_limits few = limits;
    const char text[] = "{\"r\":[{},{},{}]}";
    struct json_import import;
    struct json_fault fault;

    (void)state;
    few.max_rows = 2;
    assert_true(
        json_read_import(padded(arena, text, sizeof(text) - 1), "r", &few, arena, &import, &fault));
    assert_true(import.too_many_rows);
}

static void rows_that_are_no_objects_are_refused(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char text[] = "{\"r\":[{},7]}";
    struct json_import import;
    struct json_fault fault;

    (void)state;
    assert_false(json_read_import(padded(arena, text, sizeof(text) - 1), "r", &limits, arena,
                                  &import, &fault));
    assert_string_equal(fault.code, "json_not_object");
    assert_int_equal(fault.row, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_back_as_the_shortest_text_of_the_same_number),
        cmocka_unit_test(text_with_accents_escapes_and_emoji_survives),
        cmocka_unit_test(extended_json_is_never_interpreted),
        cmocka_unit_test(malformed_json_is_refused_with_a_code),
        cmocka_unit_test(invalid_utf8_is_refused_with_its_offset),
        cmocka_unit_test(a_key_that_stands_twice_is_refused),
        cmocka_unit_test(nesting_of_32_levels_is_read_and_33_refused),
        cmocka_unit_test(a_million_open_brackets_are_refused_without_recursion),
        cmocka_unit_test(numbers_beyond_a_double_or_64_characters_are_refused),
        cmocka_unit_test(rows_are_read_apart_from_their_envelope),
        cmocka_unit_test(a_fault_inside_a_row_names_the_row),
        cmocka_unit_test(faults_that_stop_the_reader_at_once_still_name_offset_and_row),
        cmocka_unit_test(a_row_over_the_limit_is_kept_as_a_gap),
        cmocka_unit_test(one_row_too_many_stops_the_reading),
        cmocka_unit_test(rows_that_are_no_objects_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
