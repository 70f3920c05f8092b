#include "support/database.h"
#include "support/test.h"

#include "domain/document.h"
#include "store/sources.h"
#include "store/tenants.h"

#include <string.h>

static void insert_source(const char *tenant, const char *source_id, const char *name)
{
    AUTO(bson)
    bson_t *body = BCON_NEW("source_id", BCON_UTF8(source_id), "name", BCON_UTF8(name));
    AUTO(bson) bson_t *stored = NULL;
    struct err err;

    assert_ok(sources_insert(database.session, tenant, body, &stored, &err), &err);
}

static void a_source_is_stored_with_its_known_fields_only(void **state)
{
    AUTO(bson)
    bson_t *body =
        BCON_NEW("source_id", BCON_UTF8("feed"), "name", BCON_UTF8("Feed"), "field_mappings", "{",
                 "Codice", BCON_UTF8("entity_code"), "}", "unchanged", BCON_UTF8("skip"), "tenant",
                 BCON_UTF8("other"), "color", BCON_UTF8("red"));
    AUTO(bson) bson_t *stored = NULL;
    AUTO(bson) bson_t *found = NULL;
    struct err err;

    (void)state;
    assert_ok(sources_insert(database.session, "acme", body, &stored, &err), &err);
    assert_ok(sources_get(database.session, &(struct source_key){"acme", "feed"}, &found, &err),
              &err);
    assert_true(bson_equal(stored, found));
    assert_string_equal(document_text(found, "tenant"), "acme");
    assert_string_equal(document_text(found, "name"), "Feed");
    assert_string_equal(document_text(found, "field_mappings.Codice"), "entity_code");
    assert_string_equal(document_text(found, "unchanged"), "skip");
    assert_false(bson_has_field(found, "color"));
}

static void a_source_id_can_be_taken_only_once_per_tenant(void **state)
{
    AUTO(bson) bson_t *body = BCON_NEW("source_id", BCON_UTF8("once"), "name", BCON_UTF8("Two"));
    AUTO(bson) bson_t *stored = NULL;
    struct err err;

    (void)state;
    insert_source("acme", "once", "One");
    insert_source("globex", "once", "One");
    assert_false(sources_insert(database.session, "acme", body, &stored, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
}

static void replacing_a_source_drops_what_is_not_sent_and_keeps_its_age(void **state)
{
    struct source_key key = {"acme", "replaced"};
    AUTO(bson)
    bson_t *body =
        BCON_NEW("source_id", BCON_UTF8("elsewhere"), "min_score_threshold", BCON_INT32(50));
    AUTO(bson) bson_t *before = NULL;
    AUTO(bson) bson_t *after = NULL;
    bson_iter_t old;
    bson_iter_t new;
    struct err err;

    (void)state;
    insert_source("acme", "replaced", "Old");
    assert_ok(sources_get(database.session, &key, &before, &err), &err);
    assert_ok(sources_replace(database.session, &key, body, &after, &err), &err);
    assert_string_equal(document_text(after, "source_id"), "replaced");
    assert_false(bson_has_field(after, "name"));
    assert_true(bson_iter_init_find(&old, before, "created_at"));
    assert_true(bson_iter_init_find(&new, after, "created_at"));
    assert_int_equal(bson_iter_date_time(&old), bson_iter_date_time(&new));
}

static void another_tenants_source_is_not_found(void **state)
{
    struct source_key key = {"globex", "private"};
    AUTO(bson) bson_t *body = BCON_NEW("name", BCON_UTF8("x"));
    AUTO(bson) bson_t *found = NULL;
    struct err err;

    (void)state;
    insert_source("acme", "private", "Mine");
    assert_false(sources_get(database.session, &key, &found, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(sources_replace(database.session, &key, body, &found, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(sources_delete(database.session, &key, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void a_deleted_source_is_gone(void **state)
{
    struct source_key key = {"acme", "gone"};
    AUTO(bson) bson_t *found = NULL;
    struct err err;

    (void)state;
    insert_source("acme", "gone", "Gone");
    assert_ok(sources_delete(database.session, &key, &err), &err);
    assert_false(sources_get(database.session, &key, &found, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static bool add_name(void *ctx, const bson_t *document)
{
    char *names = ctx;

    strncat(names, document_text(document, "source_id"), 8);
    return true;
}

static void the_sources_of_a_tenant_are_listed_in_order(void **state)
{
    char names[64] = "";
    struct err err;

    (void)state;
    insert_source("lister", "b", "B");
    insert_source("lister", "c", "C");
    insert_source("lister", "a", "A");
    insert_source("lister|", "d", "D");
    assert_ok(sources_list(database.session, "lister", add_name, names, &err), &err);
    assert_string_equal(names, "abc");
}

static void a_tenant_is_created_and_overwritten(void **state)
{
    AUTO(bson) bson_t *one = BCON_NEW("_id", BCON_UTF8("acme"), "name", BCON_UTF8("One"));
    AUTO(bson) bson_t *two = BCON_NEW("_id", BCON_UTF8("acme"), "name", BCON_UTF8("Two"));
    AUTO(bson) bson_t *found = NULL;
    struct err err;

    (void)state;
    assert_false(tenants_get(database.session, "acme", &found, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_ok(tenants_put(database.session, one, &err), &err);
    assert_ok(tenants_put(database.session, two, &err), &err);
    assert_ok(tenants_get(database.session, "acme", &found, &err), &err);
    assert_string_equal(document_text(found, "name"), "Two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_is_stored_with_its_known_fields_only),
        cmocka_unit_test(a_source_id_can_be_taken_only_once_per_tenant),
        cmocka_unit_test(replacing_a_source_drops_what_is_not_sent_and_keeps_its_age),
        cmocka_unit_test(another_tenants_source_is_not_found),
        cmocka_unit_test(a_deleted_source_is_gone),
        cmocka_unit_test(the_sources_of_a_tenant_are_listed_in_order),
        cmocka_unit_test(a_tenant_is_created_and_overwritten),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
