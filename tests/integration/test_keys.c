#include "support/database.h"
#include "support/test.h"

#include "store/keys.h"

static const struct auth_key acme = {
    .tenant = "acme",
    .permissions = AUTH_CUSTOMERS | AUTH_BULK_IMPORT,
    .secret_hash = "0011223344556677889900112233445566778899001122334455667788990011",
};

static void a_stored_key_is_loaded_as_it_was(void **state)
{
    struct auth_key key;
    struct err err;

    (void)state;
    assert_ok(keys_put(database.session, "ak_one", &acme, &err), &err);
    assert_ok(keys_load(database.store, "ak_one", &key, &err), &err);
    assert_string_equal(key.tenant, acme.tenant);
    assert_string_equal(key.secret_hash, acme.secret_hash);
    assert_int_equal(key.permissions, acme.permissions);
}

static void a_key_may_have_no_permission_at_all(void **state)
{
    struct auth_key none = acme;
    struct auth_key key;
    struct err err;

    (void)state;
    none.permissions = 0;
    assert_ok(keys_put(database.session, "ak_none", &none, &err), &err);
    assert_ok(keys_load(database.store, "ak_none", &key, &err), &err);
    assert_int_equal(key.permissions, 0);
}

static void an_unknown_key_is_not_found(void **state)
{
    struct auth_key key;
    struct err err;

    (void)state;
    assert_false(keys_load(database.store, "ak_unknown", &key, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(keys_revoke(database.session, "ak_unknown", &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void a_revoked_key_is_not_found_until_it_is_put_again(void **state)
{
    struct auth_key key;
    struct err err;

    (void)state;
    assert_ok(keys_put(database.session, "ak_two", &acme, &err), &err);
    assert_ok(keys_revoke(database.session, "ak_two", &err), &err);
    assert_ok(keys_revoke(database.session, "ak_two", &err), &err);
    assert_false(keys_load(database.store, "ak_two", &key, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_ok(keys_put(database.session, "ak_two", &acme, &err), &err);
    assert_ok(keys_load(database.store, "ak_two", &key, &err), &err);
}

static void a_damaged_key_admits_nobody(void **state)
{
    AUTO(bson)
    bson_t *damaged = BCON_NEW("_id", BCON_UTF8("ak_damaged"), "tenant", BCON_UTF8("acme"),
                               "permissions", BCON_UTF8("admin"));
    struct auth_key key;
    struct err err;

    (void)state;
    assert_ok(store_insert(database.session, "api_keys", damaged, &err), &err);
    assert_false(keys_load(database.store, "ak_damaged", &key, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_key_is_loaded_as_it_was),
        cmocka_unit_test(a_key_may_have_no_permission_at_all),
        cmocka_unit_test(an_unknown_key_is_not_found),
        cmocka_unit_test(a_revoked_key_is_not_found_until_it_is_put_again),
        cmocka_unit_test(a_damaged_key_admits_nobody),
    };

    return cmocka_run_group_tests(tests, database_open, database_close);
}
