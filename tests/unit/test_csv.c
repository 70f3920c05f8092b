#include "support/test.h"

#include "domain/csv.h"

static void assert_line(const char *wanted, const struct str *cells, size_t count)
{
    struct buf line = {0};

    csv_write_line(&line, cells, count);
    assert_string_equal(line.data, wanted);
    buf_done(&line);
}

static void plain_cells_are_written_as_they_are(void **state)
{
    (void)state;
    assert_line("4,A-1,,è bello\r\n", (struct str[]){STR("4"), STR("A-1"), STR(""), STR("è bello")},
                4);
}

static void cells_with_separators_are_quoted(void **state)
{
    (void)state;
    assert_line("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n",
                (struct str[]){STR("a,b"), STR("say \"hi\""), STR("two\nlines")}, 3);
}

static void a_cell_never_starts_a_formula(void **state)
{
    (void)state;
    assert_line("\"'=1+1\",\"'+A1\",\"'-1+1\",\"'@A1\",\"'\tx\",\"'\rx\",\"'-\"\r\n",
                (struct str[]){STR("=1+1"), STR("+A1"), STR("-1+1"), STR("@A1"), STR("\tx"),
                               STR("\rx"), STR("-")},
                7);
}

static void a_negative_number_stays_one(void **state)
{
    (void)state;
    assert_line("-1,+1,-12.50,\"-12,50\"\r\n",
                (struct str[]){STR("-1"), STR("+1"), STR("-12.50"), STR("-12,50")}, 4);
}

static void a_reader_finds_the_separator_and_the_spaces(void **state)
{
    (void)state;
    assert_line(
        "\"a;b\",\"a|b\",\"a\tb\",\" a\",\"a \",a b\r\n",
        (struct str[]){STR("a;b"), STR("a|b"), STR("a\tb"), STR(" a"), STR("a "), STR("a b")}, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_cells_are_written_as_they_are),
        cmocka_unit_test(cells_with_separators_are_quoted),
        cmocka_unit_test(a_cell_never_starts_a_formula),
        cmocka_unit_test(a_negative_number_stays_one),
        cmocka_unit_test(a_reader_finds_the_separator_and_the_spaces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
