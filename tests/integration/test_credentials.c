#include "support/database.h"
#include "support/jwt.h"
#include "support/test.h"

#include "base/clock.h"
#include "config/config.h"
#include "store/jwt_keys.h"
#include "store/keys.h"
#include "store/sessions.h"

#include <stdio.h>
#include <string.h>

/* Sessions and keys of bearer tokens, from the database to the answer of auth_check. */

static char pepper[] = "a pepper that is long enough for it";
static const struct str secret = STR("0123456789abcdef0123456789abcdef");
static struct config config = {.key_pepper = pepper};
static struct auth *auth;

static int open_all(void **state)
{
    struct err err;

    database_open(state);
    const struct auth_loader loader = {database.store, keys_load, sessions_load, jwt_keys_load};

    assert_ok(auth_open(&config, &loader, &auth, &err), &err);
    return 0;
}

static int close_all(void **state)
{
    auth_close(auth);
    return database_close(state);
}

static struct auth_jwt_key jwt_key_of(const char *tenant)
{
    struct auth_jwt_key key = {
        .permissions = AUTH_CUSTOMERS | AUTH_ADMIN, .issuer = "sso", .audience = "consign"};

    snprintf(key.tenant, sizeof(key.tenant), "%s", tenant);
    return key;
}

static const char *claims_of(const char *tenant)
{
    return jwt_with_times(
        database.arena,
        arena_printf(database.arena,
                     "{\"iss\":\"sso\",\"aud\":\"consign\",\"tenant\":\"%s\",\"exp\":<+60>}",
                     tenant));
}

static bool check_token(const char *token, struct auth_principal *out, struct err *err)
{
    const char *text = arena_printf(database.arena, "Bearer %s", token);

    return auth_check(auth, &(struct auth_request){.authorization = str_from(text)}, out, err);
}

static bool check_session(const char *token, struct auth_principal *out, struct err *err)
{
    return auth_check(auth, &(struct auth_request){.session = str_from(token)}, out, err);
}

static void a_token_is_checked_with_the_key_that_is_stored(void **state)
{
    AUTO(evp_key) EVP_PKEY *rsa = jwt_new_key("RSA", 2048);
    struct auth_jwt_key hs = jwt_key_of("acme");
    struct auth_jwt_key rs = jwt_key_of("globex");
    struct auth_principal principal;
    struct err err;

    (void)state;
    assert_ok(auth_set_secret(&config, secret, &hs, &err), &err);
    assert_ok(auth_set_public_key(str_from(jwt_public_pem(database.arena, rsa)), &rs, &err), &err);
    assert_ok(jwt_keys_put(database.session, "hs", &hs, &err), &err);
    assert_ok(jwt_keys_put(database.session, "rs", &rs, &err), &err);
    const char *of_acme = jwt_sign_hs256(database.arena, "{\"alg\":\"HS256\",\"kid\":\"hs\"}",
                                         claims_of("acme"), secret);
    const char *of_globex = jwt_sign_rs256(database.arena, "{\"alg\":\"RS256\",\"kid\":\"rs\"}",
                                           claims_of("globex"), rsa);
    const char *across = jwt_sign_rs256(database.arena, "{\"alg\":\"RS256\",\"kid\":\"rs\"}",
                                        claims_of("acme"), rsa);

    assert_ok(check_token(of_acme, &principal, &err), &err);
    assert_string_equal(principal.tenant, "acme");
    assert_int_equal(principal.permissions, AUTH_CUSTOMERS | AUTH_ADMIN);
    assert_ok(check_token(of_globex, &principal, &err), &err);
    assert_string_equal(principal.tenant, "globex");
    assert_false(check_token(across, &principal, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void a_key_may_change_its_algorithm_and_keeps_nothing_of_the_old_one(void **state)
{
    AUTO(evp_key) EVP_PKEY *rsa = jwt_new_key("RSA", 2048);
    AUTO(bson) bson_t *document = NULL;
    struct auth_jwt_key key = jwt_key_of("acme");
    bson_iter_t field;
    struct err err;

    (void)state;
    assert_ok(auth_set_secret(&config, secret, &key, &err), &err);
    assert_ok(jwt_keys_put(database.session, "changed", &key, &err), &err);
    assert_ok(auth_set_public_key(str_from(jwt_public_pem(database.arena, rsa)), &key, &err), &err);
    assert_ok(jwt_keys_put(database.session, "changed", &key, &err), &err);
    assert_ok(store_get(database.session, "jwt_keys", "changed", &document, &err), &err);
    assert_true(bson_iter_init_find(&field, document, "sealed_secret"));
    assert_true(BSON_ITER_HOLDS_NULL(&field));
    assert_ok(jwt_keys_load(database.store, "changed", &key, &err), &err);
    assert_int_equal(key.algorithm, AUTH_RS256);
}

static void the_database_never_holds_a_secret_in_the_clear(void **state)
{
    AUTO(bson) bson_t *document = NULL;
    struct auth_jwt_key key = jwt_key_of("acme");
    struct err err;

    (void)state;
    assert_ok(auth_set_secret(&config, secret, &key, &err), &err);
    assert_ok(jwt_keys_put(database.session, "sealed", &key, &err), &err);
    assert_ok(store_get(database.session, "jwt_keys", "sealed", &document, &err), &err);
    assert_null(memmem(bson_get_data(document), document->len, secret.p, secret.n));
}

static void a_revoked_key_ends_its_tokens_until_it_is_put_again(void **state)
{
    struct auth_jwt_key key = jwt_key_of("acme");
    struct auth_principal principal;
    struct err err;

    (void)state;
    assert_ok(auth_set_secret(&config, secret, &key, &err), &err);
    assert_ok(jwt_keys_put(database.session, "ends", &key, &err), &err);
    const char *token = jwt_sign_hs256(database.arena, "{\"alg\":\"HS256\",\"kid\":\"ends\"}",
                                       claims_of("acme"), secret);

    assert_ok(check_token(token, &principal, &err), &err);
    assert_ok(jwt_keys_revoke(database.session, "ends", &err), &err);
    assert_false(jwt_keys_load(database.store, "ends", &key, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(check_token(token, &principal, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(jwt_keys_revoke(database.session, "never there", &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void a_damaged_key_admits_nobody(void **state)
{
    static const char *const damaged[] = {
        "{\"_id\": \"d0\", \"tenant\": \"acme\", \"issuer\": \"sso\", \"audience\": \"consign\"}",
        "{\"_id\": \"d1\", \"tenant\": \"acme\", \"issuer\": \"sso\", \"audience\": \"consign\", "
        "\"algorithm\": \"none\", \"public_key_pem\": \"x\"}",
        "{\"_id\": \"d2\", \"tenant\": \"acme\", \"issuer\": \"sso\", \"audience\": \"consign\", "
        "\"algorithm\": \"HS256\", \"sealed_secret\": \"text\"}",
        "{\"_id\": \"d3\", \"tenant\": \"acme\", \"issuer\": \"\", \"audience\": \"consign\", "
        "\"algorithm\": \"RS256\", \"public_key_pem\": \"x\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        AUTO(bson) bson_t *document = bson_new_from_json((const uint8_t *)damaged[i], -1, NULL);
        struct auth_jwt_key key;
        struct err err;

        assert_ok(store_insert(database.session, "jwt_keys", document, &err), &err);
        assert_false(
            jwt_keys_load(database.store, arena_printf(database.arena, "d%zu", i), &key, &err));
        assert_int_equal(err.kind, ERR_INTERNAL);
    }
}

static void put_session(const char *token, int64_t expires_at_ms)
{
    struct auth_session stored = {
        .tenant = "acme", .permissions = AUTH_IMPORT, .expires_at_ms = expires_at_ms};
    char id[AUTH_HASH_SIZE];
    struct err err;

    assert_ok(auth_hash_session(&config, str_from(token), id, &err), &err);
    assert_ok(sessions_insert(database.session, id, "anna", &stored, &err), &err);
}

static void a_session_works_until_it_is_revoked(void **state)
{
    char id[AUTH_HASH_SIZE];
    struct auth_principal principal;
    struct err err;

    (void)state;
    put_session("vs_one", clock_now_ms() + 60000);
    assert_ok(check_session("vs_one", &principal, &err), &err);
    assert_string_equal(principal.tenant, "acme");
    assert_int_equal(principal.permissions, AUTH_IMPORT);
    assert_ok(auth_hash_session(&config, STR("vs_one"), id, &err), &err);
    assert_ok(sessions_remove(database.session, id, &err), &err);
    assert_false(check_session("vs_one", &principal, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(sessions_remove(database.session, id, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void an_expired_session_admits_nobody_even_before_the_database_forgets_it(void **state)
{
    struct auth_principal principal;
    struct err err;

    (void)state;
    put_session("vs_expired", clock_now_ms() - 1);
    assert_false(check_session("vs_expired", &principal, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_checked_with_the_key_that_is_stored),
        cmocka_unit_test(a_key_may_change_its_algorithm_and_keeps_nothing_of_the_old_one),
        cmocka_unit_test(the_database_never_holds_a_secret_in_the_clear),
        cmocka_unit_test(a_revoked_key_ends_its_tokens_until_it_is_put_again),
        cmocka_unit_test(a_damaged_key_admits_nobody),
        cmocka_unit_test(a_session_works_until_it_is_revoked),
        cmocka_unit_test(an_expired_session_admits_nobody_even_before_the_database_forgets_it),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
