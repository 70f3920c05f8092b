#include "domain/document.h"
#include "json/json.h"
#include "support/gen.h"
#include "support/test.h"

#include <string.h>

enum { ROUNDS = 20000 };

static const struct json_limits limits = {
    .max_depth = 32, .max_keys = 1000, .max_row_bytes = 1 << 20, .max_rows = 10};

static const bson_t *read_back(struct arena *arena, const struct buf *text)
{
    char *padded = arena_calloc(arena, text->len + 64, 1);
    struct json_fault fault;
    const bson_t *document;

    memcpy(padded, text->data, text->len);
    if (!json_read_object((struct str){padded, text->len}, &limits, arena, &document, &fault)) {
        fail_msg("%s: %s at %s", text->data, fault.detail, fault.path);
    }
    return document;
}

static void what_is_printed_reads_back_as_the_same_document(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(buf) struct buf first = {0};
        AUTO(buf) struct buf second = {0};
        const bson_t *document = gen_document(&gen, arena, 5);

        json_write(&first, document);
        const bson_t *again = read_back(arena, &first);
        json_write(&second, again);
        assert_string_equal(first.data, second.data);
        assert_true(document_equal(document, again, NULL));
    }
}

/* Any cut, flip or insertion is read as some document or refused with a code and a place inside the
 * text. */
static void damaged_text_is_refused_or_read_but_never_crashes(void **state)
{
    struct gen gen = gen_new(test_seed());

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        AUTO(arena) struct arena *arena = arena_new();
        AUTO(buf) struct buf text = {0};
        struct json_fault fault;
        const bson_t *document;

        json_write(&text, gen_document(&gen, arena, 4));
        size_t n = gen_below(&gen, 2) ? gen_below(&gen, text.len + 1) : text.len;
        char *padded = arena_calloc(arena, n + 64, 1);
        memcpy(padded, text.data, n);
        if (n > 0) {
            padded[gen_below(&gen, n)] = (char)gen_below(&gen, 256);
        }
        if (!json_read_object((struct str){padded, n}, &limits, arena, &document, &fault)) {
            assert_non_null(fault.code);
            assert_true(fault.offset >= -1 && fault.offset <= (int64_t)n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_reads_back_as_the_same_document),
        cmocka_unit_test(damaged_text_is_refused_or_read_but_never_crashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
