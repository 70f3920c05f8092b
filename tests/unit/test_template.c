#include "domain/entity.h"
#include "domain/field.h"
#include "support/test.h"
#include "table/columns.h"
#include "table/template.h"

#include <string.h>

static const char *const product_first[] = {"entity_code", "sku", "name", NULL};
static const char *const languages[] = {"it", "en"};
static const struct text_list two_languages = {(const char **)languages, 2};

static struct template_column *columns_of_products(struct arena *arena, size_t *count)
{
    return template_columns(arena,
                            &(struct template_options){.fields = entity_products.fields,
                                                       .languages = &two_languages,
                                                       .first = product_first},
                            count);
}

static const char *wanted_for(const struct template_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(columns[i].name, name) == 0) {
            return columns[i].wanted;
        }
    }
    return "(no column)";
}

static void the_code_comes_first_then_a_name_for_each_language(void **state)
{
    static const char *const wanted[] = {"entity_code", "sku", "name.it", "name.en"};
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    struct template_column *columns = columns_of_products(arena, &count);
    (void)state;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_string_equal(columns[i].name, wanted[i]);
    }
}

static void each_column_says_what_it_wants(void **state)
{
    static const struct {
        const char *name;
        const char *wanted;
    } examples[] = {
        {"price", "number"},
        {"not_visible", "true or false"},
        {"item_creation_date", "date (ISO 8601)"},
        {"ean", "list, separated by |"},
        {"brand", "id"},
        {"collections", "list, separated by |"},
        {"stock_status", "one of in_stock, out_of_stock, pre_order"},
        {"pricing.list", "number"},
        {"images.0.url", "text"},
        {"marketing_features.en", "list, separated by |"},
    };
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    struct template_column *columns = columns_of_products(arena, &count);
    (void)state;

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        assert_string_equal(wanted_for(columns, count, examples[i].name), examples[i].wanted);
    }
}

static void every_column_of_a_template_can_be_imported(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    size_t count;
    struct template_column *offered = columns_of_products(arena, &count);
    struct sheet_cell *cells = arena_calloc(arena, count, sizeof(*cells));
    struct import_settings settings = {0};
    struct sheet_row header = {.line = 1, .cells = cells, .count = count};
    struct columns_options options = {&entity_products, &settings};
    struct columns *columns;
    struct sheet_fault fault;
    struct err err;
    (void)state;

    for (size_t i = 0; i < count; i++) {
        cells[i] = (struct sheet_cell){SHEET_TEXT, str_from(offered[i].name)};
    }
    assert_ok(columns_plan(arena, &header, &options, &columns, &fault, &err), &err);
    assert_false(columns_repeat(columns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_comes_first_then_a_name_for_each_language),
        cmocka_unit_test(each_column_says_what_it_wants),
        cmocka_unit_test(every_column_of_a_template_can_be_imported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
