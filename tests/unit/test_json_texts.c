/* tests/data/json holds what a partner may send for JSON, and the answer to each; docs/TESTING.md
 * says how to read and write it. */
#include "json/json.h"
#include "support/test.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PADDING = 64, LINE = 4096 };

static const struct json_limits limits = {
    .max_depth = 32, .max_keys = 1000, .max_row_bytes = 921600, .max_rows = 10000};

/* The value of a field of the only row. */
static const struct str before_value =
    STR("{\"source_id\":\"s\",\"products\":[{\"entity_code\":\"A\",\"x\":");
static const struct str behind_value = STR("}]}");

/* ---- the tables ---- */

/* Where "*count}" begins; a '*' may stand in the text before it. */
static const char *find_times(const char *text)
{
    const char *times = strchr(text, '*');

    while (times && (!isdigit((unsigned char)times[1]) ||
                     times[1 + strspn(times + 1, "0123456789")] != '}')) {
        times = strchr(times + 1, '*');
    }
    assert_non_null(times);
    return times;
}

static void append_text(struct buf *out, const char *text, const char *end);

/* `text` begins at "%{"; returns what is behind it. */
static const char *append_repeated(struct buf *out, const char *text)
{
    const char *times = find_times(text);
    char *close;

    for (unsigned long n = strtoul(times + 1, &close, 10); n > 0; n--) {
        append_text(out, text + 2, times);
    }
    return close + 1;
}

/* Appends what the text of a table stands for: %hh is a byte, %{text*count} a repetition. */
static void append_text(struct buf *out, const char *text, const char *end)
{
    while (text < end) {
        if (text[0] != '%') {
            buf_addc(out, *text++);
        } else if (text[1] == '{') {
            text = append_repeated(out, text);
        } else {
            const char hex[] = {text[1], text[2], '\0'};

            buf_addc(out, (char)strtoul(hex, NULL, 16));
            text += 3;
        }
    }
}

struct json_case {
    char line[LINE];
    const char *code; /* NULL: accepted */
    int64_t offset;   /* in the text; -1 none */
    const char *text;
};

/* False at the end of the table. */
static bool next_case(FILE *table, struct json_case *out)
{
    do {
        if (!fgets(out->line, sizeof(out->line), table)) {
            return false;
        }
        out->line[strcspn(out->line, "\n")] = '\0';
    } while (!out->line[0] || out->line[0] == '#');

    char *tab = strchr(out->line, '\t');
    char *at = strchr(out->line, '@');

    assert_non_null(tab);
    *tab = '\0';
    out->text = tab + 1;
    out->code = strcmp(out->line, "accepted") == 0 ? NULL : out->line;
    if (out->code) {
        assert_true(at && at < tab);
        *at = '\0';
        out->offset = strtoll(at + 1, NULL, 10);
    }
    return true;
}

/* ---- the reader ---- */

static bool read_request(struct arena *arena, const struct buf *text, struct json_import *out,
                         struct json_fault *fault)
{
    char *padded = arena_calloc(arena, text->len + PADDING, 1);

    if (text->len > 0) {
        memcpy(padded, text->data, text->len);
    }
    return json_read_import((struct str){padded, text->len}, "products", &limits, arena, out,
                            fault);
}

/* What was read is BSON, and what is printed of it reads the same again. */
static void assert_sound(const bson_t *document)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf first = {0};
    AUTO(buf) struct buf second = {0};
    struct json_fault fault;
    const bson_t *again;

    assert_true(bson_validate(document, BSON_VALIDATE_NONE, NULL));
    json_write(&first, document);
    char *padded = arena_calloc(arena, first.len + PADDING, 1);

    memcpy(padded, first.data, first.len);
    assert_true(json_read_object((struct str){padded, first.len}, &limits, arena, &again, &fault));
    json_write(&second, again);
    assert_string_equal(first.data, second.data);
}

static void assert_rows_sound(const struct json_import *import)
{
    assert_sound(import->envelope);
    for (size_t i = 0; i < import->row_count; i++) {
        bson_t row;

        assert_true(bson_init_static(&row, import->rows[i].bson, import->rows[i].size));
        assert_sound(&row);
    }
}

static void check_case(const struct json_case *item, struct str before, struct str behind)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf text = {0};
    struct json_import import;
    struct json_fault fault;

    buf_add(&text, before.p, before.n);
    append_text(&text, item->text, item->text + strlen(item->text));
    buf_add(&text, behind.p, behind.n);
    if (read_request(arena, &text, &import, &fault)) {
        if (item->code) {
            fail_msg("taken: %s", item->text);
        }
        assert_rows_sound(&import);
        return;
    }
    int64_t offset = fault.offset < 0 ? -1 : fault.offset - (int64_t)before.n;

    if (!item->code || strcmp(item->code, fault.code) != 0 || item->offset != offset) {
        fail_msg("%s: %s at %" PRId64 ", not %s at %" PRId64, item->text, fault.code, offset,
                 item->code ? item->code : "accepted", item->offset);
    }
}

static void check_table(const char *name, struct str before, struct str behind)
{
    char path[512];
    struct json_case item = {0};
    size_t count = 0;

    snprintf(path, sizeof(path), "%s/json/%s", TEST_DATA_DIR, name);
    FILE *table = fopen(path, "r");

    assert_non_null(table);
    for (; next_case(table, &item); count++) {
        check_case(&item, before, behind);
    }
    fclose(table);
    print_message("%s: %zu texts\n", name, count);
    assert_true(count > 100);
}

static void every_value_gets_its_answer_and_its_place(void **state)
{
    (void)state;
    check_table("values.tsv", before_value, behind_value);
}

static void every_body_gets_its_answer_and_its_place(void **state)
{
    (void)state;
    check_table("bodies.tsv", STR(""), STR(""));
}

/* ---- what is too much for a table ---- */

static const char request[] =
    "{\"source_id\":\"a\\\"b\",\"products\":[{\"entity_code\":\"A\",\"price\":-12.5e1,"
    "\"name\":{\"it\":\"pi\xc3\xb9 \\u00e8 \\ud83d\\ude00\"},\"tags\":[null,true,[{}]]},"
    "{\"entity_code\":\"B\"}],\"batch_metadata\":{\"batch_part\":1}}";

/* Taken whole or refused with its place, whatever it is. */
static bool survives(const struct buf *text)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct json_import import;
    struct json_fault fault;

    if (read_request(arena, text, &import, &fault)) {
        assert_rows_sound(&import);
        return true;
    }
    assert_non_null(fault.code);
    assert_in_range(fault.offset + 1, 0, text->len + 1);
    return false;
}

static void a_request_that_is_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(request) - 1; n++) {
        AUTO(buf) struct buf text = {0};

        buf_add(&text, request, n);
        assert_false(survives(&text));
    }
}

static void any_byte_in_any_place_is_read_or_refused_with_its_place(void **state)
{
    static const char bytes[] = {
        '\0', '\t', '\n', ' ',  '"',        '$',        '\'',       ',',        '-',
        '.',  '/',  '0',  '9',  ':',        '[',        '\\',       ']',        'e',
        'u',  '{',  '}',  0x7f, (char)0x80, (char)0xc3, (char)0xed, (char)0xf4, (char)0xff};

    (void)state;
    for (size_t at = 0; at < sizeof(request) - 1; at++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            AUTO(buf) struct buf text = {0};

            buf_add(&text, request, sizeof(request) - 1);
            text.data[at] = bytes[i];
            survives(&text);
        }
    }
}

static void a_thousand_keys_are_read_and_one_more_refused(void **state)
{
    (void)state;
    for (unsigned count = 1000; count <= 1001; count++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(buf) struct buf text = {0};
        struct json_import import;
        struct json_fault fault = {0};

        buf_add(&text, before_value.p, before_value.n);
        for (unsigned i = 0; i < count; i++) {
            buf_printf(&text, "%s\"k%u\":%u", i ? "," : "{", i, i);
        }
        buf_addc(&text, '}');
        buf_add(&text, behind_value.p, behind_value.n);
        assert_int_equal(read_request(arena, &text, &import, &fault), count == 1000);
        if (count > 1000) {
            assert_string_equal(fault.code, "json_too_many_keys");
            assert_string_equal(fault.path, "/products/0/x");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_gets_its_answer_and_its_place),
        cmocka_unit_test(every_body_gets_its_answer_and_its_place),
        cmocka_unit_test(a_request_that_is_cut_off_anywhere_is_refused),
        cmocka_unit_test(any_byte_in_any_place_is_read_or_refused_with_its_place),
        cmocka_unit_test(a_thousand_keys_are_read_and_one_more_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
