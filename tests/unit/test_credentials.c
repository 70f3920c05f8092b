#include "support/jwt.h"
#include "support/test.h"

#include "auth/auth.h"
#include "base/clock.h"
#include "config/config.h"

#include <string.h>

/* Stands for the database: one credential of each kind, told apart by their tenants. */
struct records {
    struct auth_key key;
    struct auth_jwt_key jwt_key;
    struct auth_session session;
    char session_id[AUTH_HASH_SIZE];
    int loads;
};

static char pepper[] = "a pepper that is long enough for it";
static const struct str token_secret = STR("0123456789abcdef0123456789abcdef");
static const struct str session_token = STR("vs_right");
static struct arena *arena;
static struct records records;
static struct str bearer;
static struct auth *auth;

static bool load_key(void *ctx, const char *id, struct auth_key *out, struct err *err)
{
    struct records *stored = ctx;

    (void)id;
    (void)err;
    *out = stored->key;
    return true;
}

static bool load_jwt_key(void *ctx, const char *kid, struct auth_jwt_key *out, struct err *err)
{
    struct records *stored = ctx;

    (void)kid;
    (void)err;
    *out = stored->jwt_key;
    return true;
}

static bool load_session(void *ctx, const char *token_hash, struct auth_session *out,
                         struct err *err)
{
    struct records *stored = ctx;

    stored->loads++;
    if (strcmp(token_hash, stored->session_id) != 0) {
        return err_set(err, ERR_NOT_FOUND, "no such session");
    }
    *out = stored->session;
    return true;
}

static int open_auth(void **state)
{
    struct config config = {.key_pepper = pepper, .credential_cache_ms = 60000};
    const struct auth_loader loader = {&records, load_key, load_session, load_jwt_key};
    struct err err;

    (void)state;
    arena = arena_new();
    records = (struct records){
        .key = {.tenant = "of-key", .permissions = AUTH_CUSTOMERS},
        .jwt_key = {.tenant = "of-token", .issuer = "sso", .audience = "consign"},
        .session = {.tenant = "of-session",
                    .permissions = AUTH_IMPORT,
                    .expires_at_ms = clock_now_ms() + 3600000},
    };
    assert_ok(auth_hash_secret(&config, STR("sk_right"), records.key.secret_hash, &err), &err);
    assert_ok(auth_hash_session(&config, session_token, records.session_id, &err), &err);
    assert_ok(auth_set_secret(&config, token_secret, &records.jwt_key, &err), &err);
    bearer = str_from(arena_printf(
        arena, "Bearer %s",
        jwt_sign_hs256(
            arena, "{\"alg\":\"HS256\",\"kid\":\"k\"}",
            jwt_with_times(
                arena,
                "{\"iss\":\"sso\",\"aud\":\"consign\",\"tenant\":\"of-token\",\"exp\":<+600>}"),
            token_secret)));
    assert_ok(auth_open(&config, &loader, &auth, &err), &err);
    return 0;
}

static int close_auth(void **state)
{
    (void)state;
    auth_close(auth);
    arena_free(arena);
    return 0;
}

/* A request that carries everything, each of it good. */
static struct auth_request everything(void)
{
    return (struct auth_request){
        .method = STR("api-key"),
        .key_id = STR("ak_known"),
        .secret = STR("sk_right"),
        .authorization = bearer,
        .session = session_token,
    };
}

static void assert_tenant(const struct auth_request *request, const char *tenant)
{
    struct auth_principal principal;
    struct err err;

    assert_ok(auth_check(auth, request, &principal, &err), &err);
    assert_string_equal(principal.tenant, tenant);
}

static void assert_refused(const struct auth_request *request)
{
    struct auth_principal principal;
    struct err err;

    assert_false(auth_check(auth, request, &principal, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void a_session_gives_its_tenant_and_permissions_until_it_is_unknown(void **state)
{
    struct auth_request request = {.session = session_token};
    struct auth_principal principal;
    struct err err;

    (void)state;
    assert_ok(auth_check(auth, &request, &principal, &err), &err);
    assert_string_equal(principal.tenant, "of-session");
    assert_int_equal(principal.permissions, AUTH_IMPORT);
    request.session = STR("vs_wrong");
    assert_refused(&request);
    request.session = STR("");
    assert_refused(&request);
    request.session = str_from(records.session_id);
    assert_refused(&request);
}

static void a_session_ends_on_time_although_it_is_remembered(void **state)
{
    struct auth_request request = {.session = session_token};
    struct auth_principal principal;
    struct err err;

    (void)state;
    records.session.expires_at_ms = clock_now_ms() + 60;
    while (auth_check(auth, &request, &principal, &err)) {
        assert_true(clock_now_ms() < records.session.expires_at_ms + 5000);
    }
    assert_true(clock_now_ms() >= records.session.expires_at_ms);
    assert_int_equal(err.kind, ERR_INVALID);
    assert_int_equal(records.loads, 1);
}

static void a_session_is_loaded_once_and_guesses_are_remembered(void **state)
{
    struct auth_request good = {.session = session_token};
    struct auth_request guess = {.session = STR("vs_guess")};

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_tenant(&good, "of-session");
        assert_refused(&guess);
    }
    assert_int_equal(records.loads, 2);
}

static void a_session_of_a_megabyte_is_refused_without_asking_the_database(void **state)
{
    char *text = arena_alloc(arena, 1 << 20);

    (void)state;
    memset(text, 'a', 1 << 20);
    assert_refused(&(struct auth_request){.session = {text, 1 << 20}});
    assert_int_equal(records.loads, 0);
}

static void the_method_that_is_named_decides_what_counts(void **state)
{
    struct auth_request request = everything();

    (void)state;
    assert_tenant(&request, "of-key");
    request.method = STR("bearer");
    assert_tenant(&request, "of-token");
    request.method = STR("session");
    assert_tenant(&request, "of-session");
}

static void without_a_named_method_a_token_counts_before_a_session(void **state)
{
    struct auth_request request = everything();

    (void)state;
    request.method = (struct str){NULL, 0};
    assert_tenant(&request, "of-token");
    request.authorization = STR("Basic YTpi");
    assert_tenant(&request, "of-session");
    request.authorization = (struct str){NULL, 0};
    assert_tenant(&request, "of-session");
    request.session = (struct str){NULL, 0};
    assert_refused(&request);
}

static void an_api_key_may_come_under_its_vtex_names(void **state)
{
    struct auth_request request = {.app_key = STR("ak_known"), .app_token = STR("sk_right")};

    (void)state;
    assert_tenant(&request, "of-key");
    request.method = STR("api-key");
    assert_tenant(&request, "of-key");
    request.app_token = STR("sk_wrong");
    assert_refused(&request);
    request.app_token = (struct str){NULL, 0};
    assert_refused(&request);
    request = (struct auth_request){.app_token = STR("sk_right")};
    assert_refused(&request);
}

static void without_a_named_method_vtex_names_count_between_token_and_session(void **state)
{
    struct auth_request request = everything();

    (void)state;
    request.method = (struct str){NULL, 0};
    request.app_key = STR("ak_known");
    request.app_token = STR("sk_right");
    assert_tenant(&request, "of-token");
    request.authorization = (struct str){NULL, 0};
    assert_tenant(&request, "of-key");
    request.app_token = STR("sk_wrong"); /* neither the session nor x-api-secret helps */
    assert_refused(&request);
    request.app_token = (struct str){NULL, 0};
    assert_refused(&request);
}

static void an_api_keys_own_names_count_before_its_vtex_names(void **state)
{
    struct auth_request request = everything();

    (void)state;
    request.app_key = STR("ak_known");
    request.app_token = STR("sk_wrong");
    assert_tenant(&request, "of-key");
    request.app_token = STR("sk_right");
    request.secret = STR("sk_wrong");
    assert_refused(&request);
    request.secret = (struct str){NULL, 0}; /* half a pair is not completed from the other */
    assert_refused(&request);
}

static void a_wrong_credential_is_not_made_good_by_another_beside_it(void **state)
{
    struct auth_request request = everything();

    (void)state;
    request.secret = STR("sk_wrong");
    assert_refused(&request);
    request.method = STR("API-KEY");
    assert_refused(&request);
    request.method = STR("");
    assert_refused(&request);
    request.method = (struct str){NULL, 0};
    request.authorization = STR("Bearer wrong");
    assert_refused(&request);
    request.authorization = STR("Bearer ");
    assert_refused(&request);
    request = (struct auth_request){.method = STR("bearer"), .session = session_token};
    assert_refused(&request);
    request = (struct auth_request){.method = STR("session"), .authorization = bearer};
    assert_refused(&request);
}

static void the_scheme_of_a_token_may_be_written_in_any_case(void **state)
{
    char *text = arena_strndup(arena, bearer.p, bearer.n);

    (void)state;
    memcpy(text, "bEARER", 6);
    assert_tenant(&(struct auth_request){.authorization = {text, bearer.n}}, "of-token");
    text = arena_printf(arena, "BEARER   %.*s", (int)bearer.n - 7, bearer.p + 7);
    assert_tenant(&(struct auth_request){.authorization = str_from(text)}, "of-token");
    text = arena_printf(arena, "Bearer:%.*s", (int)bearer.n - 7, bearer.p + 7);
    assert_refused(&(struct auth_request){.authorization = str_from(text)});
}

static void a_generated_session_is_long_and_never_the_same(void **state)
{
    char tokens[2][AUTH_SESSION_SIZE];

    (void)state;
    auth_generate_session(tokens[0]);
    auth_generate_session(tokens[1]);
    assert_memory_equal(tokens[0], "vs_", 3);
    assert_int_equal(strlen(tokens[0]), AUTH_SESSION_SIZE - 1);
    assert_string_not_equal(tokens[0], tokens[1]);
}

static void a_secret_of_one_kind_has_no_worth_as_another(void **state)
{
    struct config config = {.key_pepper = pepper};
    char as_secret[AUTH_HASH_SIZE];
    char as_session[AUTH_HASH_SIZE];
    struct err err;

    (void)state;
    assert_ok(auth_hash_secret(&config, session_token, as_secret, &err), &err);
    assert_ok(auth_hash_session(&config, session_token, as_session, &err), &err);
    assert_string_not_equal(as_secret, as_session);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_auth, close_auth)
    const struct CMUnitTest tests[] = {
        TEST(a_session_gives_its_tenant_and_permissions_until_it_is_unknown),
        TEST(a_session_ends_on_time_although_it_is_remembered),
        TEST(a_session_is_loaded_once_and_guesses_are_remembered),
        TEST(a_session_of_a_megabyte_is_refused_without_asking_the_database),
        TEST(the_method_that_is_named_decides_what_counts),
        TEST(without_a_named_method_a_token_counts_before_a_session),
        TEST(an_api_key_may_come_under_its_vtex_names),
        TEST(without_a_named_method_vtex_names_count_between_token_and_session),
        TEST(an_api_keys_own_names_count_before_its_vtex_names),
        TEST(a_wrong_credential_is_not_made_good_by_another_beside_it),
        TEST(the_scheme_of_a_token_may_be_written_in_any_case),
        TEST(a_generated_session_is_long_and_never_the_same),
        TEST(a_secret_of_one_kind_has_no_worth_as_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
