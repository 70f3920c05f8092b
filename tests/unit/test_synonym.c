#include "domain/document.h"
#include "domain/synonym.h"
#include "support/rows.h"
#include "support/test.h"

#include <string.h>

static int set_up(void **state)
{
    *state = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void assert_normal(struct arena *arena, const char *text, const char *wanted)
{
    assert_string_equal(synonym_normalise(arena, str_from(text)), wanted);
}

static bool can_meet(struct arena *arena, const char *query, const char *lookup)
{
    struct text_list list = synonym_query_lookups(arena, "acme", str_from(query));

    return text_list_has(&list, lookup);
}

/* The field `lookup` of a dictionary with these terms. */
static const char *lookup(struct arena *arena, const char *terms)
{
    const bson_t *dictionary = test_document(arena, arena_printf(arena, "{'terms':%s}", terms));
    bson_t out = BSON_INITIALIZER;

    synonym_append_lookup(arena, "acme", dictionary, &out);
    const char *json = test_json(arena, &out, NULL);
    bson_destroy(&out);
    return json;
}

/* ---- normalising ---- */

static void case_and_accents_make_no_other_word(void **state)
{
    assert_normal(*state, "RUBINETTO", "rubinetto");
    assert_normal(*state, "Più Città ÀÈÌÒÙ", "piu citta aeiou");
    assert_normal(*state, "Straße Œuvre ÆØÅ Þór", "strasse oeuvre aeoa thor");
    assert_normal(*state, "ŁÓDŹ Čeština ŐŰ ĸ Ĳ ſ Ÿ", "lodz cestina ou q ij s y");
    assert_normal(*state, "Țuică Știft", "tuica stift");
    assert_normal(*state, "ВЕНТИЛЬ ЁЖ ΒΑΛΒΙΔΑ", "вентиль ёж βαλβιδα");
}

static void a_decomposed_letter_equals_the_composed_one(void **state)
{
    assert_normal(*state, "citta\xcc\x80", "citta");
}

static void every_letter_of_the_latin_table_is_where_it_belongs(void **state)
{
    assert_normal(*state, "ÀàÏïÐðÑñÖöÜüÝýß", "aaiiddnnoouuyyss");
    assert_normal(*state, "ĀĆĎĒĜĤĨĴĶĹŃŊŌŔŚŢŨŴŶŹž", "acdeghijklnnorstuwyzz");
    assert_normal(*state, "ąčđěģħıĵķłŉŋőřšŧųŵŷż", "acdeghijklnnorstuwyz");
}

static void punctuation_and_blanks_part_words_and_are_one_blank(void **state)
{
    assert_normal(*state, "  tubo,\t flessibile ", "tubo flessibile");
    assert_normal(*state, "l'acqua l\xe2\x80\x99olio", "l acqua l olio");
    assert_normal(*state, "T-pezzo 1/2\" \xc3\x97 3", "t pezzo 1 2 3");
    assert_normal(*state, "a\xc2\xa0\xe3\x80\x80z", "a z");
    assert_normal(*state, " -- ", "");
    assert_normal(*state, "", "");
}

static void other_scripts_stay_as_they_are(void **state)
{
    assert_normal(*state, "バルブ 阀门", "バルブ 阀门");
}

/* ---- a dictionary ---- */

static void each_term_can_be_looked_up_under_its_tenant(void **state)
{
    assert_string_equal(lookup(*state, "['Rubinetto','Valvola a  Sfera']"),
                        "{'lookup':['acme|rubinetto','acme|valvola a sfera']}");
}

static void a_term_that_no_query_can_hold_is_left_out(void **state)
{
    char *longest = arena_calloc(*state, SYNONYM_MAX_BYTES + 2, 1);

    assert_string_equal(lookup(*state, "['', '--', 'a b c d e', 'a b c d e f', 7, null]"),
                        "{'lookup':['acme|a b c d e']}");
    memset(longest, 'x', SYNONYM_MAX_BYTES);
    assert_string_equal(lookup(*state, arena_printf(*state, "['%s','%sx']", longest, longest)),
                        arena_printf(*state, "{'lookup':['acme|%s']}", longest));
}

static void a_dictionary_without_terms_has_an_empty_lookup(void **state)
{
    assert_string_equal(lookup(*state, "[]"), "{'lookup':[]}");
    assert_string_equal(lookup(*state, "'text'"), "{'lookup':[]}");
}

static void the_lookup_may_stand_in_the_dictionary_itself(void **state)
{
    bson_t *dictionary = document_merge(*state, test_document(*state, "{'terms':['A','B']}"),
                                        test_document(*state, "{}"));

    synonym_append_lookup(*state, "acme", dictionary, dictionary);
    assert_string_equal(test_json(*state, dictionary, NULL),
                        "{'terms':['A','B'],'lookup':['acme|a','acme|b']}");
}

/* ---- a query ---- */

static void every_run_of_words_in_a_query_is_looked_up(void **state)
{
    static const char *const wanted[] = {"acme|una",     "acme|una valvola", "acme|una valvola a",
                                         "acme|valvola", "acme|valvola a",   "acme|a"};
    struct text_list list = synonym_query_lookups(*state, "acme", STR("Una valvola, a"));

    assert_int_equal(list.count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(list.items[i], wanted[i]);
    }
}

static void a_run_has_at_most_five_words(void **state)
{
    assert_true(can_meet(*state, "a b c d e f", "acme|b c d e f"));
    assert_false(can_meet(*state, "a b c d e f", "acme|a b c d e f"));
}

static void words_behind_the_thirty_second_are_not_looked_up(void **state)
{
    char query[2 * 40 + 1] = {0};

    for (size_t i = 0; i < 40; i++) {
        memcpy(query + 2 * i, i == 31 ? "y " : i == 32 ? "z " : "x ", 2);
    }
    assert_true(can_meet(*state, query, "acme|y"));
    assert_true(can_meet(*state, query, "acme|y z")); /* it begins before */
    assert_false(can_meet(*state, query, "acme|z"));
    assert_true(synonym_query_lookups(*state, "acme", str_from(query)).count <=
                SYNONYM_QUERY_WORDS * SYNONYM_MAX_WORDS);
}

static void an_empty_or_broken_query_meets_nothing(void **state)
{
    assert_int_equal(synonym_query_lookups(*state, "acme", STR("")).count, 0);
    assert_int_equal(synonym_query_lookups(*state, "acme", STR(" - ")).count, 0);
    assert_int_equal(synonym_query_lookups(*state, "acme", STR("valvola \xff")).count, 0);
    assert_int_equal(synonym_query_lookups(*state, "acme", STR("valvola \xc3")).count, 0);
}

static void a_term_and_the_same_words_in_a_query_meet(void **state)
{
    assert_true(can_meet(*state, "cerco la SARACINÈSCA d'ottone", "acme|saracinesca d ottone"));
    assert_string_equal(lookup(*state, "['Saracinesca d’ottone']"),
                        "{'lookup':['acme|saracinesca d ottone']}");
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CLAIM(case_and_accents_make_no_other_word),
        CLAIM(a_decomposed_letter_equals_the_composed_one),
        CLAIM(every_letter_of_the_latin_table_is_where_it_belongs),
        CLAIM(punctuation_and_blanks_part_words_and_are_one_blank),
        CLAIM(other_scripts_stay_as_they_are),
        CLAIM(each_term_can_be_looked_up_under_its_tenant),
        CLAIM(a_term_that_no_query_can_hold_is_left_out),
        CLAIM(a_dictionary_without_terms_has_an_empty_lookup),
        CLAIM(the_lookup_may_stand_in_the_dictionary_itself),
        CLAIM(every_run_of_words_in_a_query_is_looked_up),
        CLAIM(a_run_has_at_most_five_words),
        CLAIM(words_behind_the_thirty_second_are_not_looked_up),
        CLAIM(an_empty_or_broken_query_meets_nothing),
        CLAIM(a_term_and_the_same_words_in_a_query_meet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
