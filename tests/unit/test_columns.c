#include "domain/field.h"
#include "domain/mapping.h"
#include "support/rows.h"
#include "support/test.h"
#include "table/columns.h"

#include <string.h>

/* Cells of a line are written with ';' between them. "#12" is a number, "?true" a boolean. */
static struct sheet_row line_of(struct arena *arena, const char *text)
{
    struct sheet_cell *cells = arena_calloc(arena, strlen(text) + 1, sizeof(*cells));
    char *rest = arena_strdup(arena, text);
    struct sheet_row line = {.number = 1, .line = 2, .cells = cells};

    while (rest) {
        const char *cell = strsep(&rest, ";");
        bool is_marked = *cell == '#' || *cell == '?';

        cells[line.count++] = (struct sheet_cell){*cell == '#'   ? SHEET_NUMBER
                                                  : *cell == '?' ? SHEET_BOOLEAN
                                                  : *cell        ? SHEET_TEXT
                                                                 : SHEET_EMPTY,
                                                  str_from(cell + is_marked)};
    }
    return line;
}

/* A file under test. */
struct file {
    const struct entity *entity; /* NULL: products */
    const char *mappings;        /* NULL: none */
    const char *header;
    const char *lines[4];
};

static bool plan(struct arena *arena, const struct file *file, struct columns **out,
                 struct sheet_fault *fault)
{
    struct import_settings *settings = arena_calloc(arena, 1, sizeof(*settings));
    struct sheet_row *header = arena_calloc(arena, 1, sizeof(*header));
    struct columns_options options = {file->entity ? file->entity : &entity_products, settings};
    bson_iter_t value;
    struct err err;

    *header = line_of(arena, file->header);
    if (file->mappings) {
        const bson_t *holder =
            test_document(arena, arena_printf(arena, "{'m':%s}", file->mappings));

        bson_iter_init_find(&value, holder, "m");
        assert_ok(mapping_read(arena, &value, &settings->mappings, &settings->mapping_count, &err),
                  &err);
    }
    return columns_plan(arena, header, arena_memdup(arena, &options, sizeof(options)), out, fault,
                        &err);
}

static const char *row_of(struct arena *arena, const struct file *file)
{
    struct sheet_row lines[4];
    struct columns *columns;
    struct sheet_fault fault = {0};
    size_t count = 0;
    bson_t *row = bson_new();

    if (!plan(arena, file, &columns, &fault)) {
        fail_msg("\"%s\" was refused: %s", file->header, fault.message);
    }
    while (count < 4 && file->lines[count]) {
        lines[count] = line_of(arena, file->lines[count]);
        count++;
    }
    columns_write(columns, lines, count, row);
    const char *json = test_json(arena, row, NULL);
    bson_destroy(row);
    return json;
}

struct example {
    struct file file;
    const char *wanted;
};

static void assert_rows(const struct example *examples, size_t count)
{
    AUTO(arena) struct arena *arena = arena_new();

    for (size_t i = 0; i < count; i++) {
        const char *got = row_of(arena, &examples[i].file);

        if (strcmp(got, examples[i].wanted) != 0) {
            fail_msg("%s / %s gives %s", examples[i].file.header, examples[i].file.lines[0], got);
        }
    }
}

#define ASSERT_ROWS(examples) assert_rows(examples, sizeof(examples) / sizeof((examples)[0]))

static void text_becomes_what_the_field_wants(void **state)
{
    static const struct example examples[] = {
        {{.header = "sku;price", .lines = {"A;12.5"}}, "{'sku':'A','price':12.5}"},
        {{.header = "sku;quantity", .lines = {"A;420"}}, "{'sku':'A','quantity':420}"},
        {{.header = "sku;not_visible", .lines = {"A;yes"}}, "{'sku':'A','not_visible':true}"},
        {{.header = "sku;ean", .lines = {"A;8001|8002"}}, "{'sku':'A','ean':['8001','8002']}"},
        {{.header = "sku;unit", .lines = {"007;#12"}}, "{'sku':'007','unit':'12'}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void text_that_cannot_be_read_stays_text_for_the_rules_to_report(void **state)
{
    static const struct example examples[] = {
        {{.header = "sku;price", .lines = {"A;12,5"}}, "{'sku':'A','price':'12,5'}"},
        {{.header = "sku;price", .lines = {"A;gratis"}}, "{'sku':'A','price':'gratis'}"},
        {{.header = "sku;price", .lines = {"A;1e999"}}, "{'sku':'A','price':'1e999'}"},
        {{.header = "sku;not_visible", .lines = {"A;maybe"}}, "{'sku':'A','not_visible':'maybe'}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void an_unknown_column_keeps_the_type_of_its_cell(void **state)
{
    static const struct example examples[] = {
        {{.header = "sku;shelf", .lines = {"A;#12"}}, "{'sku':'A','shelf':12}"},
        {{.header = "sku;shelf", .lines = {"A;12"}}, "{'sku':'A','shelf':'12'}"},
        {{.header = "sku;shelf", .lines = {"A;?true"}}, "{'sku':'A','shelf':true}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void an_empty_cell_is_a_field_that_was_not_sent(void **state)
{
    static const struct example examples[] = {
        {{.header = "sku;price;pricing.list", .lines = {"A;;"}}, "{'sku':'A'}"},
        {{.header = "sku;price", .lines = {"A"}}, "{'sku':'A'}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void dots_nest_languages_and_indexes_are_steps(void **state)
{
    static const struct example examples[] = {
        {{.header = "sku;pricing.list;pricing.currency", .lines = {"A;9.8;EUR"}},
         "{'sku':'A','pricing':{'list':9.8,'currency':'EUR'}}"},
        {{.header = "name.en;sku;name.it", .lines = {"Valve;A;Valvola"}},
         "{'name':{'en':'Valve','it':'Valvola'},'sku':'A'}"},
        {{.header = "sku;images.1.url;images.0.url;images.0.position", .lines = {"A;b;a;0"}},
         "{'sku':'A','images':[{'url':'a','position':0},{'url':'b'}]}"},
        {{.header = "sku;images.0.url;images.1.url", .lines = {"A;;b"}},
         "{'sku':'A','images':[{'url':'b'}]}"},
        {{.header = "sku;marketing_features.it", .lines = {"A;PN40|PTFE"}},
         "{'sku':'A','marketing_features':{'it':['PN40','PTFE']}}"},
        {{.header = "sku;attributes.it.0.key;attributes.it.0.value", .lines = {"A;color;rosso"}},
         "{'sku':'A','attributes':{'it':[{'key':'color','value':'rosso'}]}}"},
        {{.header = "sku;brand.label;category", .lines = {"A;Acme;valves"}},
         "{'sku':'A','brand':{'label':'Acme'},'category':'valves'}"},
        {{.header = "sku;x.0.y", .lines = {"A;1"}}, "{'sku':'A','x':[{'y':'1'}]}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void a_mapped_column_keeps_its_name_and_gets_the_type_of_its_target(void **state)
{
    static const struct example examples[] = {
        {{.mappings = "[{'source_field':'Codice','target_field':'sku'},{'source_field':'Prezzo."
                      "Listino','target_field':'pricing.list'}]",
          .header = "Codice;Prezzo.Listino",
          .lines = {"A;9.8"}},
         "{'Codice':'A','Prezzo.Listino':9.8}"},
        {{.mappings = "[{'source_field':'Prezzo','target_field':'price','transform':'number'}]",
          .header = "sku;Prezzo",
          .lines = {"A;12,5"}},
         "{'sku':'A','Prezzo':'12,5'}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void lines_with_one_code_bring_one_address_each(void **state)
{
    static const struct example examples[] = {
        {{.entity = &entity_customers,
          .header = "external_code;company_name;addresses.street;addresses.city",
          .lines = {"C1;Acme;Via Roma 1;Torino", "C1;;Via Po 2;Milano", "C1;;;"}},
         "{'external_code':'C1','company_name':'Acme','addresses':[{'street':'Via Roma 1','city':"
         "'Torino'},{'street':'Via Po 2','city':'Milano'}]}"},
        {{.entity = &entity_customers,
          .header = "external_code;addresses.0.city;addresses.1.city",
          .lines = {"C1;Torino;Milano"}},
         "{'external_code':'C1','addresses':[{'city':'Torino'},{'city':'Milano'}]}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void only_a_list_without_index_makes_lines_belong_together(void **state)
{
    AUTO(arena) struct arena *arena = arena_new();
    const struct file repeated = {.entity = &entity_customers,
                                  .header = "external_code;addresses.city"};
    const struct file indexed = {.entity = &entity_customers,
                                 .header = "external_code;addresses.0.city"};
    struct columns *columns;
    struct sheet_fault fault;
    (void)state;

    assert_true(plan(arena, &repeated, &columns, &fault));
    assert_true(columns_repeat(columns));
    struct sheet_row line = line_of(arena, "C1;Torino");
    assert_true(str_is(columns_code(columns, &line), "C1"));
    assert_true(plan(arena, &indexed, &columns, &fault));
    assert_false(columns_repeat(columns));
}

static void the_columns_of_an_error_file_are_no_fields_when_it_comes_back(void **state)
{
    static const struct example examples[] = {
        {{.header = "sku;price;error_code;error;error_path",
          .lines = {"A;1;wrong_type;bad;/price"}},
         "{'sku':'A','price':1}"},
        {{.header = "sku;error", .lines = {"A;E12"}}, "{'sku':'A','error':'E12'}"},
    };
    (void)state;
    ASSERT_ROWS(examples);
}

static void a_header_that_names_a_field_twice_is_refused(void **state)
{
    static const struct {
        const char *header;
        const char *code;
        uint64_t column;
    } examples[] = {
        {"sku;pricing;pricing.list", "COLUMN_CONFLICT", 3},
        {"sku;pricing.list;pricing", "COLUMN_CONFLICT", 3},
        {"sku;sku", "COLUMN_CONFLICT", 2},
        {"sku;images.url;images.0.url", "COLUMN_CONFLICT", 3},
        {"sku;a..b", "COLUMN_NAME", 2},
        {"sku;$where", "COLUMN_NAME", 2},
        {"sku;x.__proto__", "COLUMN_NAME", 2},
    };
    AUTO(arena) struct arena *arena = arena_new();
    (void)state;

    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct file file = {.header = examples[i].header};
        struct columns *columns;
        struct sheet_fault fault = {0};

        if (plan(arena, &file, &columns, &fault)) {
            fail_msg("\"%s\" was taken", file.header);
        }
        assert_string_equal(fault.code, examples[i].code);
        assert_int_equal(fault.column, examples[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_what_the_field_wants),
        cmocka_unit_test(text_that_cannot_be_read_stays_text_for_the_rules_to_report),
        cmocka_unit_test(an_unknown_column_keeps_the_type_of_its_cell),
        cmocka_unit_test(an_empty_cell_is_a_field_that_was_not_sent),
        cmocka_unit_test(dots_nest_languages_and_indexes_are_steps),
        cmocka_unit_test(a_mapped_column_keeps_its_name_and_gets_the_type_of_its_target),
        cmocka_unit_test(lines_with_one_code_bring_one_address_each),
        cmocka_unit_test(only_a_list_without_index_makes_lines_belong_together),
        cmocka_unit_test(the_columns_of_an_error_file_are_no_fields_when_it_comes_back),
        cmocka_unit_test(a_header_that_names_a_field_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
