#include "support/database.h"
#include "support/test.h"

#include "domain/document.h"
#include "store/documents.h"

#include <stdio.h>

enum { VERSIONS = 12 };

static void insert_document(const char *collection, const char *code, int64_t version,
                            bool is_current)
{
    AUTO(arena) struct arena *arena = arena_new();
    const char *id = is_current ? ID_JOIN(arena, "acme", code)
                                : ID_JOIN(arena, "acme", code, arena_printf(arena, "%ld", version));
    AUTO(bson)
    bson_t *document = BCON_NEW("_id", BCON_UTF8(id), "isCurrent", BCON_BOOL(is_current), "tenant",
                                BCON_UTF8("acme"), "version", BCON_INT64(version));
    struct err err;

    assert_ok(store_insert(database.session, collection, document, &err), &err);
}

/* "A|1" in twelve versions, and "A|1|0", whose id must not be taken for one of them. */
static int open_store(void **state)
{
    database_open(state);
    insert_document("products", "A|1", VERSIONS, true);
    insert_document("products", "A|1|0", 1, true);
    insert_document("products", "B", 1, true);
    for (int64_t version = 1; version < VERSIONS; version++) {
        insert_document("product_versions", "A|1", version, false);
    }
    return 0;
}

static const struct document_key key = {"products", "product_versions", "acme", "A|1"};

static int64_t version_of(const bson_t *document)
{
    return document_int64(document, "version", -1);
}

static void the_current_document_is_found_by_tenant_and_code(void **state)
{
    struct document_key foreign = {"products", "product_versions", "globex", "A|1"};
    AUTO(bson) bson_t *document = NULL;
    AUTO(bson) bson_t *none = NULL;
    struct err err;

    (void)state;
    assert_ok(documents_get(database.session, &key, &document, &err), &err);
    assert_int_equal(version_of(document), VERSIONS);
    assert_false(documents_get(database.session, &foreign, &none, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void any_version_is_found_and_no_other(void **state)
{
    struct err err;

    (void)state;
    for (int64_t version = 1; version <= VERSIONS; version++) {
        AUTO(bson) bson_t *document = NULL;

        assert_ok(documents_get_version(database.session, &key, version, &document, &err), &err);
        assert_int_equal(version_of(document), version);
        assert_int_equal(document_bool(document, "isCurrent", false), version == VERSIONS);
    }
    AUTO(bson) bson_t *none = NULL;
    assert_false(documents_get_version(database.session, &key, VERSIONS + 1, &none, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(documents_get_version(database.session, &key, 0, &none, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* Versions `from` down to `to`, and nothing else. */
static void assert_page(int64_t before, size_t limit, int64_t from, int64_t to)
{
    AUTO(documents_list) struct documents_list list = {0};
    struct documents_page page = {before, limit};
    struct err err;

    assert_ok(documents_list_versions(database.session, &key, &page, &list, &err), &err);
    assert_int_equal(list.count, from - to + 1);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(version_of(list.items[i]), from - (int64_t)i);
    }
}

static void versions_are_listed_newest_first(void **state)
{
    (void)state;
    assert_page(0, 100, 12, 1);
    assert_page(0, 1, 12, 12);
    assert_page(0, 0, 0, 1);
}

static void versions_are_listed_in_pages(void **state)
{
    (void)state;
    assert_page(0, 5, 12, 8);
    assert_page(8, 5, 7, 3);
    assert_page(3, 5, 2, 1);
    assert_page(1, 5, 0, 1);
    assert_page(12, 2, 11, 10);
    assert_page(99, 2, 12, 11);
}

static void the_versions_of_an_unknown_code_are_not_found(void **state)
{
    struct document_key unknown = {"products", "product_versions", "acme", "A"};
    struct documents_page page = {0, 10};
    AUTO(documents_list) struct documents_list list = {0};
    struct err err;

    (void)state;
    assert_false(documents_list_versions(database.session, &unknown, &page, &list, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void documents_come_in_the_order_of_their_codes(void **state)
{
    static const char *const codes[] = {"B", "missing", "A|1", "A|1|0"};
    struct documents_query query = {"products", "acme", codes, 4};
    AUTO(documents_list) struct documents_list list = {0};
    struct err err;

    (void)state;
    assert_ok(documents_find(database.session, &query, &list, &err), &err);
    assert_int_equal(list.count, 3);
    assert_string_equal(document_text(list.items[0], "_id"), "acme|B");
    assert_int_equal(version_of(list.items[1]), VERSIONS);
    assert_int_equal(version_of(list.items[2]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_current_document_is_found_by_tenant_and_code),
        cmocka_unit_test(any_version_is_found_and_no_other),
        cmocka_unit_test(versions_are_listed_newest_first),
        cmocka_unit_test(versions_are_listed_in_pages),
        cmocka_unit_test(the_versions_of_an_unknown_code_are_not_found),
        cmocka_unit_test(documents_come_in_the_order_of_their_codes),
    };

    return cmocka_run_group_tests(tests, open_store, database_close);
}
