#include "support/database.h"
#include "support/rows.h"
#include "support/test.h"

#include "domain/document.h"
#include "domain/synonym.h"
#include "store/synonyms.h"

static void insert_dictionary(const char *tenant, const char *key, const char *terms)
{
    const bson_t *sent = test_document(
        database.arena, arena_printf(database.arena, "{'key':'%s','terms':%s}", key, terms));
    const char *id = ID_JOIN(database.arena, tenant, key);
    bson_t *document = document_new(database.arena);
    struct err err;

    BSON_APPEND_UTF8(document, "_id", id);
    bson_concat(document, sent);
    synonym_append_lookup(database.arena, tenant, sent, document);
    assert_ok(store_insert(database.session, "synonym_dictionaries", document, &err), &err);
}

static struct text_list find_keys(const char *tenant, const char *text)
{
    struct synonyms_query query = {tenant, str_from(text)};
    struct text_list keys;
    struct err err;

    assert_ok(synonyms_find_keys(database.session, database.arena, &query, &keys, &err), &err);
    return keys;
}

static void a_term_in_a_query_names_its_dictionary(void **state)
{
    (void)state;
    insert_dictionary("one", "valve", "['Rubinetto', 'Saracinesca']");
    insert_dictionary("one", "pipe", "['tubo']");
    struct text_list keys = find_keys("one", "una SARACINESCA nuova");
    assert_int_equal(keys.count, 1);
    assert_string_equal(keys.items[0], "valve");
    assert_int_equal(find_keys("one", "pompa").count, 0);
    assert_int_equal(find_keys("one", "").count, 0);
}

static void a_term_of_several_words_must_occur_whole(void **state)
{
    (void)state;
    insert_dictionary("two", "ball", "['valvola a sfera']");
    assert_int_equal(find_keys("two", "cerco valvola a sfera ottone").count, 1);
    assert_int_equal(find_keys("two", "valvola sfera").count, 0);
    assert_int_equal(find_keys("two", "valvola").count, 0);
}

static void several_dictionaries_may_be_met(void **state)
{
    (void)state;
    insert_dictionary("three", "a", "['tubo', 'canna']");
    insert_dictionary("three", "b", "['tubo flessibile']");
    struct text_list keys = find_keys("three", "tubo flessibile");
    assert_int_equal(keys.count, 2);
    assert_true(text_list_has(&keys, "a") && text_list_has(&keys, "b"));
}

static void no_tenant_meets_anothers_dictionary(void **state)
{
    (void)state;
    insert_dictionary("four", "secret", "['parola']");
    assert_int_equal(find_keys("four", "parola").count, 1);
    assert_int_equal(find_keys("five", "parola").count, 0);
    assert_int_equal(find_keys("", "four parola").count, 0);
    assert_int_equal(find_keys("fou", "r|parola").count, 0);
}

static void no_more_than_a_hundred_keys_are_given(void **state)
{
    (void)state;
    for (int i = 0; i < SYNONYMS_MAX_KEYS + 5; i++) {
        insert_dictionary("six", arena_printf(database.arena, "k%d", i), "['molti']");
    }
    assert_int_equal(find_keys("six", "molti").count, SYNONYMS_MAX_KEYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_term_in_a_query_names_its_dictionary),
        cmocka_unit_test(a_term_of_several_words_must_occur_whole),
        cmocka_unit_test(several_dictionaries_may_be_met),
        cmocka_unit_test(no_tenant_meets_anothers_dictionary),
        cmocka_unit_test(no_more_than_a_hundred_keys_are_given),
    };

    return cmocka_run_group_tests(tests, database_open_with_schema, database_close);
}
