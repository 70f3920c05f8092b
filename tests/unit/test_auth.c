#include "support/test.h"

#include "auth/auth.h"
#include "config/config.h"

#include <string.h>

/* A database of one key that counts how often it is asked. */
struct keys {
    struct auth_key key;
    bool is_down;
    int loads;
};

static char pepper[] = "a pepper that is long enough for it";
static const struct str id = {"ak_known", 8};
static const struct str secret = {"sk_right", 8};

static struct config config_with(int64_t cache_ms)
{
    return (struct config){.key_pepper = pepper, .credential_cache_ms = cache_ms};
}

static bool load(void *ctx, const char *key_id, struct auth_key *out, struct err *err)
{
    struct keys *keys = ctx;

    keys->loads++;
    if (keys->is_down) {
        return err_set(err, ERR_UNAVAILABLE, "down");
    }
    if (strcmp(key_id, "ak_known") != 0) {
        return err_set(err, ERR_NOT_FOUND, "no such key");
    }
    *out = keys->key;
    return true;
}

static struct keys keys_with(struct str known_secret)
{
    struct config config = config_with(0);
    struct keys keys = {.key = {.tenant = "acme", .permissions = AUTH_CUSTOMERS | AUTH_IMPORT}};
    struct err err;

    assert_ok(auth_hash_secret(&config, known_secret, keys.key.secret_hash, &err), &err);
    return keys;
}

static struct auth *open_auth(struct keys *keys, int64_t cache_ms)
{
    const struct auth_loader loader = {.ctx = keys, .key = load};
    struct config config = config_with(cache_ms);
    struct auth *auth;
    struct err err;

    assert_ok(auth_open(&config, &loader, &auth, &err), &err);
    return auth;
}

static bool check(struct auth *auth, struct str key_id, struct str key_secret,
                  struct auth_principal *out, struct err *err)
{
    const struct auth_request request = {
        .method = STR("api-key"), .key_id = key_id, .secret = key_secret};

    return auth_check(auth, &request, out, err);
}

static void the_right_secret_gives_tenant_and_permissions(void **state)
{
    struct keys keys = keys_with(secret);
    AUTO(auth) struct auth *auth = open_auth(&keys, 1000);
    struct auth_principal principal;
    struct err err;

    (void)state;
    assert_ok(check(auth, id, secret, &principal, &err), &err);
    assert_string_equal(principal.tenant, "acme");
    assert_int_equal(principal.permissions, AUTH_CUSTOMERS | AUTH_IMPORT);
}

static void every_wrong_credential_gets_the_same_answer(void **state)
{
    static const struct {
        struct str id;
        struct str secret;
    } wrong[] = {
        {{"ak_known", 8}, {"sk_wrong", 8}},     {{"ak_known", 8}, {"sk_righ", 7}},
        {{"ak_known", 8}, {"sk_right!", 9}},    {{"ak_unknown", 10}, {"sk_right", 8}},
        {{"ak_known", 8}, {NULL, 0}},           {{NULL, 0}, {"sk_right", 8}},
        {{"ak_known\0x", 10}, {"sk_right", 8}},
    };
    struct keys keys = keys_with(secret);
    AUTO(auth) struct auth *auth = open_auth(&keys, 1000);
    struct auth_principal principal;
    struct err first = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err err;

        assert_false(check(auth, wrong[i].id, wrong[i].secret, &principal, &err));
        assert_int_equal(err.kind, ERR_INVALID);
        if (i > 0) {
            assert_string_equal(err.msg, first.msg);
        }
        first = err;
    }
}

static void an_id_or_secret_of_a_megabyte_is_refused_without_asking_the_database(void **state)
{
    struct keys keys = keys_with(secret);
    AUTO(auth) struct auth *auth = open_auth(&keys, 1000);
    AUTO(char) char *text = mem_calloc(1 << 20, 1);
    struct str huge = {memset(text, 'a', 1 << 20), 1 << 20};
    struct auth_principal principal;
    struct err err;

    (void)state;
    assert_false(check(auth, huge, secret, &principal, &err));
    assert_false(check(auth, id, huge, &principal, &err));
    assert_int_equal(keys.loads, 0);
}

static void a_good_key_is_not_loaded_again_while_it_is_remembered(void **state)
{
    struct keys keys = keys_with(secret);
    AUTO(auth) struct auth *auth = open_auth(&keys, 60000);
    struct auth_principal principal;
    struct err err;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_ok(check(auth, id, secret, &principal, &err), &err);
    }
    assert_int_equal(keys.loads, 1);
}

static void guessing_secrets_or_ids_does_not_reach_the_database_twice(void **state)
{
    struct keys keys = keys_with(secret);
    AUTO(auth) struct auth *auth = open_auth(&keys, 60000);
    struct auth_principal principal;
    struct err err;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_false(check(auth, id, STR("sk_guess"), &principal, &err));
    }
    assert_int_equal(keys.loads, 1);
    for (int i = 0; i < 10; i++) {
        assert_false(check(auth, STR("ak_guess"), secret, &principal, &err));
    }
    assert_int_equal(keys.loads, 2);
}

static void without_a_cache_a_revoked_key_stops_at_once(void **state)
{
    struct keys keys = keys_with(secret);
    AUTO(auth) struct auth *auth = open_auth(&keys, 0);
    struct auth_principal principal;
    struct err err;

    (void)state;
    assert_ok(check(auth, id, secret, &principal, &err), &err);
    keys.key = keys_with(STR("sk_other")).key;
    assert_false(check(auth, id, secret, &principal, &err));
}

static void a_database_that_is_down_is_not_taken_for_a_wrong_credential(void **state)
{
    struct keys keys = keys_with(secret);
    AUTO(auth) struct auth *auth = open_auth(&keys, 60000);
    struct auth_principal principal;
    struct err err;

    (void)state;
    keys.is_down = true;
    assert_false(check(auth, id, secret, &principal, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    keys.is_down = false;
    assert_ok(check(auth, id, secret, &principal, &err), &err);
    keys.is_down = true;
    assert_ok(check(auth, id, secret, &principal, &err), &err);
}

static void a_short_pepper_is_refused(void **state)
{
    char short_pepper[] = "thirty-one characters, not more";
    const struct auth_loader loader = {.key = load};
    struct config config = {.key_pepper = short_pepper};
    char hash[AUTH_HASH_SIZE];
    struct auth *auth;
    struct err err;

    (void)state;
    assert_int_equal(strlen(short_pepper), 31);
    assert_false(auth_open(&config, &loader, &auth, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(auth_hash_secret(&config, secret, hash, &err));
}

static void another_pepper_gives_another_hash_also_beyond_its_64th_character(void **state)
{
    char one[80];
    char two[80];
    char hash_one[AUTH_HASH_SIZE];
    char hash_two[AUTH_HASH_SIZE];
    struct err err;

    (void)state;
    memset(one, 'p', sizeof(one));
    one[sizeof(one) - 1] = '\0';
    memcpy(two, one, sizeof(two));
    two[sizeof(two) - 2] = 'q';
    assert_ok(auth_hash_secret(&(struct config){.key_pepper = one}, secret, hash_one, &err), &err);
    assert_ok(auth_hash_secret(&(struct config){.key_pepper = two}, secret, hash_two, &err), &err);
    assert_string_not_equal(hash_one, hash_two);
    assert_int_equal(strlen(hash_one), AUTH_HASH_SIZE - 1);
}

static void the_hash_of_a_secret_is_the_same_in_every_release(void **state)
{
    struct config config = config_with(0);
    char hash[AUTH_HASH_SIZE];
    struct err err;

    (void)state;
    assert_ok(auth_hash_secret(&config, secret, hash, &err), &err);
    assert_string_equal(hash, "2f177a084eddeeaef1dbb7ac86d6b646316daa64475d3b9139021bf2d854ed77");
}

static void a_generated_key_has_the_form_of_a_key_and_is_never_the_same(void **state)
{
    char ids[2][AUTH_ID_SIZE];
    char secrets[2][AUTH_SECRET_SIZE];

    (void)state;
    auth_generate(ids[0], secrets[0]);
    auth_generate(ids[1], secrets[1]);
    assert_memory_equal(ids[0], "ak_", 3);
    assert_memory_equal(secrets[0], "sk_", 3);
    assert_int_equal(strlen(ids[0]), AUTH_ID_SIZE - 1);
    assert_int_equal(strlen(secrets[0]), AUTH_SECRET_SIZE - 1);
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_not_equal(secrets[0], secrets[1]);
}

static void permissions_are_read_by_their_names(void **state)
{
    unsigned set;
    struct err err;

    (void)state;
    assert_ok(auth_permissions_parse("customers,B2BBulkImport", &set, &err), &err);
    assert_int_equal(set, AUTH_CUSTOMERS | AUTH_BULK_IMPORT);
    assert_ok(auth_permissions_parse("", &set, &err), &err);
    assert_int_equal(set, 0);
    assert_false(auth_permissions_parse("customers,root", &set, &err));
    assert_non_null(strstr(err.msg, "root"));
    for (unsigned one = AUTH_CUSTOMERS; one <= AUTH_ADMIN; one <<= 1) {
        assert_int_equal(auth_permission_parse(str_from(auth_permission_name(one))), one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_secret_gives_tenant_and_permissions),
        cmocka_unit_test(every_wrong_credential_gets_the_same_answer),
        cmocka_unit_test(an_id_or_secret_of_a_megabyte_is_refused_without_asking_the_database),
        cmocka_unit_test(a_good_key_is_not_loaded_again_while_it_is_remembered),
        cmocka_unit_test(guessing_secrets_or_ids_does_not_reach_the_database_twice),
        cmocka_unit_test(without_a_cache_a_revoked_key_stops_at_once),
        cmocka_unit_test(a_database_that_is_down_is_not_taken_for_a_wrong_credential),
        cmocka_unit_test(a_short_pepper_is_refused),
        cmocka_unit_test(another_pepper_gives_another_hash_also_beyond_its_64th_character),
        cmocka_unit_test(the_hash_of_a_secret_is_the_same_in_every_release),
        cmocka_unit_test(a_generated_key_has_the_form_of_a_key_and_is_never_the_same),
        cmocka_unit_test(permissions_are_read_by_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
