#include "base/buf.h"
#include "domain/document.h"
#include "domain/mapping.h"
#include "support/memory.h"
#include "support/rows.h"
#include "support/test.h"

#include <string.h>

/* The value of {'v': text} after a transform, as JSON; "refused" when the transform cannot read it.
 */
static const char *transformed(struct arena *arena, const char *transform, const char *text)
{
    const bson_t *list = test_document(
        arena,
        arena_printf(arena, "{'m':[{'source_field':'v','target_field':'v','transform':'%s'}]}",
                     transform));
    const bson_t *row = test_document(arena, arena_printf(arena, "{'v':'%s'}", text));
    struct findings findings = {.arena = arena};
    struct field_mapping *mappings;
    bson_iter_t value;
    size_t count;
    struct err err;

    bson_iter_init_find(&value, list, "m");
    assert_ok(mapping_read(arena, &value, &mappings, &count, &err), &err);
    const bson_t *out = mapping_apply(arena, mappings, count, row, &findings);
    return findings.errors ? "refused" : test_json(arena, out, NULL);
}

struct example {
    const char *text;
    const char *wanted;
};

static void assert_examples(const char *transform, const struct example *examples, size_t count)
{
    AUTO(arena) struct arena *arena = arena_new();

    for (size_t i = 0; i < count; i++) {
        const char *got = transformed(arena, transform, examples[i].text);

        if (strcmp(got, examples[i].wanted) != 0) {
            fail_msg("%s of \"%s\" is %s", transform, examples[i].text, got);
        }
    }
}

static void numbers_are_read_as_people_write_them(void **state)
{
    static const struct example examples[] = {
        {"12,5", "{'v':12.5}"},
        {"12.5", "{'v':12.5}"},
        {"1.234,56", "{'v':1234.56}"},
        {"1,234.56", "{'v':1234.56}"},
        {"1.234.567", "{'v':1234567}"},
        {"1 234 567,8", "{'v':1234567.8}"},
        {" -7 ", "{'v':-7}"},
        {"+0", "{'v':0}"},
        {",5", "{'v':0.5}"},
        {"1.234", "{'v':1.234}"},
        {"gratis", "refused"},
        {"1.2.3,4,5", "refused"},
        {"1.23.456", "refused"},
        {"", "refused"},
        {"-", "refused"},
        {"1e5", "refused"},
        {"0x10", "refused"},
        {"12 EUR", "refused"},
        {"1,2,3", "refused"},
        {".", "refused"},
    };

    (void)state;
    assert_examples("number", examples, sizeof(examples) / sizeof(examples[0]));
}

static void yes_and_no_are_read_in_the_languages_of_the_partners(void **state)
{
    static const struct example examples[] = {
        {"true", "{'v':true}"}, {"SI", "{'v':true}"},    {"s\xc3\xac", "{'v':true}"},
        {"1", "{'v':true}"},    {"Nein", "{'v':false}"}, {"", "{'v':false}"},
        {"0", "{'v':false}"},   {"maybe", "refused"},
    };

    (void)state;
    assert_examples("boolean", examples, sizeof(examples) / sizeof(examples[0]));
}

static void lists_are_split_and_their_items_trimmed(void **state)
{
    static const struct example examples[] = {
        {"a; b ;c", "{'v':['a','b','c']}"}, {"", "{'v':[]}"}, {";;x;", "{'v':['x']}"}};

    (void)state;
    assert_examples("split:;", examples, 3);
}

static void text_is_trimmed_and_its_ascii_letters_change_case(void **state)
{
    (void)state;
    assert_examples("trim", &(struct example){"  a b ", "{'v':'a b'}"}, 1);
    assert_examples("upper", &(struct example){"p\xc3\xac\xc3\xb9", "{'v':'P\xc3\xac\xc3\xb9'}"},
                    1);
    assert_examples("lower", &(struct example){"ABC", "{'v':'abc'}"}, 1);
}

static void a_text_that_is_quoted_is_not_cut_inside_a_character(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf text = {0};

    (void)state;
    for (int i = 0; i < 40; i++) {
        buf_adds(&text, "\xc3\xa8");
    }
    for (int odd = 0; odd < 2; odd++) {
        struct findings findings = {.arena = arena};
        struct field_mapping mapping = {"p", "price", TRANSFORM_NUMBER, NULL};
        AUTO(buf) struct buf row = {0};

        buf_printf(&row, "{'p':'%s%s'}", odd ? "x" : "", text.data);
        mapping_apply(arena, &mapping, 1, test_document(arena, row.data), &findings);
        assert_int_equal(findings.errors, 1);
        assert_true(
            bson_utf8_validate(findings.items[0].text, strlen(findings.items[0].text), false));
    }
}

/* The widest row that is taken, each of its fields under a nested target. */
static void a_row_of_1000_large_fields_is_mapped_without_a_copy_of_it_for_each(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct findings findings = {.arena = arena};
    struct field_mapping mappings[1000] = {0};
    bson_t *row = document_new(arena);
    char text[900];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < 1000; i++) {
        mappings[i].source_field = arena_printf(arena, "k%zu", i);
        mappings[i].target_field = arena_printf(arena, "a.b.k%zu", i);
        bson_append_utf8(row, mappings[i].source_field, -1, text, sizeof(text));
    }
    long before = memory_peak_kb();
    const bson_t *out = mapping_apply(arena, mappings, 1000, row, &findings);

    assert_true(document_holds(out, "a.b.k999"));
    assert_in_range(memory_peak_kb() - before, 0, 64 * 1024);
}

static void a_target_of_more_than_32_parts_is_refused(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf path = {0};

    (void)state;
    for (int parts = 1; parts <= 33; parts++) {
        struct field_mapping *mappings;
        bson_iter_t value;
        size_t count;
        struct err err;

        buf_printf(&path, "%sa", parts > 1 ? "." : "");
        const bson_t *source =
            test_document(arena, arena_printf(arena, "{'m':{'x':'%s'}}", path.data));

        bson_iter_init_find(&value, source, "m");
        assert_int_equal(mapping_read(arena, &value, &mappings, &count, &err), parts <= 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_people_write_them),
        cmocka_unit_test(yes_and_no_are_read_in_the_languages_of_the_partners),
        cmocka_unit_test(lists_are_split_and_their_items_trimmed),
        cmocka_unit_test(text_is_trimmed_and_its_ascii_letters_change_case),
        cmocka_unit_test(a_text_that_is_quoted_is_not_cut_inside_a_character),
        cmocka_unit_test(a_row_of_1000_large_fields_is_mapped_without_a_copy_of_it_for_each),
        cmocka_unit_test(a_target_of_more_than_32_parts_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
