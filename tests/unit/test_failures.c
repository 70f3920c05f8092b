#include "domain/entity.h"
#include "domain/field.h"
#include "support/table.h"
#include "support/test.h"
#include "table/failures.h"

#include <string.h>
#include <unistd.h>

/* The failed rows that a job would tell, in order. */
struct feed {
    const struct failed_row *rows;
    size_t count;
    size_t at;
};

static bool next_failed(void *ctx, struct failed_row *out, bool *end, struct err *err)
{
    struct feed *feed = ctx;
    (void)err;

    *end = feed->at == feed->count;
    if (!*end) {
        *out = feed->rows[feed->at++];
    }
    return true;
}

struct example {
    const struct entity *entity;
    const char *file;
    struct failed_row rows[3];
    size_t count;
    const char *wanted;
};

/* The error file of an example, read back. */
static const char *failures_of(struct arena *arena, const struct example *example)
{
    static const struct import_settings settings;
    int in = table_file(str_from(example->file));
    int out = table_file(STR(""));
    struct sheet_options options = {.fd = in, .limits = table_limits};
    struct columns_options columns = {example->entity, &settings};
    struct feed feed = {example->rows, example->count, 0};
    AUTO(sheet_writer) struct sheet_writer *writer = NULL;
    AUTO(sheet) struct sheet *sheet = NULL;
    struct sheet_fault fault;
    struct err err;

    assert_ok(sheet_open(&options, &sheet, &fault, &err), &err);
    assert_ok(sheet_writer_open(&(struct sheet_writer_options){.fd = out}, &writer, &err), &err);
    assert_ok(failures_write(
                  &(struct failures_options){sheet, &columns, writer, next_failed, &feed}, &err),
              &err);
    const char *text =
        table_read(arena, &(struct sheet_options){.fd = out, .limits = table_limits});
    close(in);
    close(out);
    return text;
}

static void check(const struct example *example)
{
    AUTO(arena) struct arena *arena = arena_new();

    assert_string_equal(failures_of(arena, example), example->wanted);
}

static void only_the_failed_rows_come_back_and_say_why(void **state)
{
    (void)state;
    check(&(struct example){
        .entity = &entity_products,
        .file = "entity_code,price\nA,1\nB,x\nC,3\nD,y\n",
        .rows = {{2, "wrong_type", "price must be a number", "/price"},
                 {4, "wrong_type; wrong_value", "a; b", "/price; /unit"}},
        .count = 2,
        .wanted = "[entity_code][price][error_code][error][error_path]\n"
                  "1[B][x][wrong_type][price must be a number][/price]\n"
                  "2[D][y][wrong_type; wrong_value][a; b][/price; /unit]\n",
    });
}

static void a_file_that_failed_again_has_the_new_reasons_alone(void **state)
{
    (void)state;
    check(&(struct example){
        .entity = &entity_products,
        .file = "entity_code,price,error_code,error,error_path\nB,x,old,old,old\n",
        .rows = {{1, "wrong_type", "new", "/price"}},
        .count = 1,
        .wanted = "[entity_code][price][error_code][error][error_path]\n"
                  "1[B][x][wrong_type][new][/price]\n",
    });
}

static void all_lines_of_a_company_come_back_with_it(void **state)
{
    (void)state;
    check(&(struct example){
        .entity = &entity_customers,
        .file = "external_code,email,addresses.city\nA,a@b.it,Roma\nB,bad,Torino\nB,,Milano\n"
                "C,c@d.it,Bari\n",
        .rows = {{2, "wrong_value", "email", "/email"}},
        .count = 1,
        .wanted = "[external_code][email][addresses.city][error_code][error][error_path]\n"
                  "1[B][bad][Torino][wrong_value][email][/email]\n"
                  "2[B][][Milano][wrong_value][email][/email]\n",
    });
}

static void a_line_that_does_not_fit_is_no_line_of_the_company_before_it(void **state)
{
    (void)state;
    check(&(struct example){
        .entity = &entity_customers,
        .file = "external_code,addresses.city\nA,Roma\nA,Torino,x\nA,Milano\n",
        .rows = {{1, "wrong_value", "a", "/a"}, {2, "columns_too_many", "b", ""}},
        .count = 2,
        .wanted = "[external_code][addresses.city][error_code][error][error_path]\n"
                  "1[A][Roma][wrong_value][a][/a]\n"
                  "2[A][Torino][columns_too_many][b]\n",
    });
}

static void a_file_without_failed_rows_has_a_header_alone(void **state)
{
    (void)state;
    check(&(struct example){
        .entity = &entity_products,
        .file = "entity_code,price\nA,1\n",
        .wanted = "[entity_code][price][error_code][error][error_path]\n",
    });
}

static void a_file_that_breaks_off_gives_back_what_failed_before(void **state)
{
    (void)state;
    check(&(struct example){
        .entity = &entity_products,
        .file = "entity_code,price\nA,x\nB,\"2\n",
        .rows = {{1, "wrong_type", "a", "/price"}, {9, "wrong_type", "b", "/price"}},
        .count = 2,
        .wanted = "[entity_code][price][error_code][error][error_path]\n"
                  "1[A][x][wrong_type][a][/price]\n",
    });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_failed_rows_come_back_and_say_why),
        cmocka_unit_test(a_file_that_failed_again_has_the_new_reasons_alone),
        cmocka_unit_test(all_lines_of_a_company_come_back_with_it),
        cmocka_unit_test(a_line_that_does_not_fit_is_no_line_of_the_company_before_it),
        cmocka_unit_test(a_file_without_failed_rows_has_a_header_alone),
        cmocka_unit_test(a_file_that_breaks_off_gives_back_what_failed_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
