#include "support/jwt.h"
#include "support/test.h"

#include "auth/auth.h"
#include "config/config.h"

#include <string.h>

#define GOOD_CLAIMS "\"iss\":\"https://sso.example\",\"aud\":\"consign\",\"tenant\":\"acme\""
#define GOOD "{" GOOD_CLAIMS ",\"exp\":<+600>}"
#define HS256 "{\"alg\":\"HS256\",\"kid\":\"hs\"}"
#define RS256 "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"rs\"}"

enum { KEY_PERMISSIONS = AUTH_CUSTOMERS | AUTH_IMPORT };

/* Stands for the database: a key of each algorithm. */
struct keys {
    struct auth_jwt_key hs;
    struct auth_jwt_key rs;
    bool is_down;
    int loads;
};

static char pepper[] = "a pepper that is long enough for it";
static const struct str secret = STR("0123456789abcdef0123456789abcdef");
static struct arena *arena;
static struct keys keys;
static EVP_PKEY *rsa;
static const char *rsa_pem;
static struct auth *auth;

static bool load(void *ctx, const char *kid, struct auth_jwt_key *out, struct err *err)
{
    struct keys *stored = ctx;

    stored->loads++;
    if (stored->is_down) {
        return err_set(err, ERR_UNAVAILABLE, "down");
    }
    if (strcmp(kid, "hs") != 0 && strcmp(kid, "rs") != 0) {
        return err_set(err, ERR_NOT_FOUND, "no such key");
    }
    *out = strcmp(kid, "hs") == 0 ? stored->hs : stored->rs;
    return true;
}

static struct auth *open_auth(char *with_pepper)
{
    const struct auth_loader loader = {.ctx = &keys, .jwt_key = load};
    struct config config = {.key_pepper = with_pepper, .credential_cache_ms = 60000};
    struct auth *opened;
    struct err err;

    assert_ok(auth_open(&config, &loader, &opened, &err), &err);
    return opened;
}

static int make_keys(void **state)
{
    struct auth_jwt_key key = {.tenant = "acme",
                               .permissions = KEY_PERMISSIONS,
                               .issuer = "https://sso.example",
                               .audience = "consign"};
    struct err err;

    (void)state;
    arena = arena_new();
    rsa = jwt_new_key("RSA", 2048);
    rsa_pem = jwt_public_pem(arena, rsa);
    keys = (struct keys){.hs = key, .rs = key};
    assert_ok(auth_set_secret(&(struct config){.key_pepper = pepper}, secret, &keys.hs, &err),
              &err);
    assert_ok(auth_set_public_key(str_from(rsa_pem), &keys.rs, &err), &err);
    auth = open_auth(pepper);
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    auth_close(auth);
    EVP_PKEY_free(rsa);
    arena_free(arena);
    return 0;
}

static bool check_with(struct auth *with, struct str token, struct auth_principal *out,
                       struct err *err)
{
    AUTO(char) char *text = mem_alloc(token.n + 7);

    memcpy(text, "Bearer ", 7);
    memcpy(text + 7, token.p, token.n);
    return auth_check(with, &(struct auth_request){.authorization = {text, token.n + 7}}, out, err);
}

static bool check(const char *token, struct auth_principal *out, struct err *err)
{
    return check_with(auth, str_from(token), out, err);
}

static void assert_refused(const char *what, const char *token)
{
    struct auth_principal principal;
    struct err err;

    if (check(token, &principal, &err)) {
        fail_msg("accepted: %s", what);
    }
    assert_int_equal(err.kind, ERR_INVALID);
}

static const char *hs256(const char *header, const char *payload)
{
    return jwt_sign_hs256(arena, header, jwt_with_times(arena, payload), secret);
}

static const char *rs256(const char *header, const char *payload)
{
    return jwt_sign_rs256(arena, header, jwt_with_times(arena, payload), rsa);
}

static void a_good_token_gives_the_tenant_and_permissions_of_its_key(void **state)
{
    const char *good[] = {hs256(HS256, GOOD), rs256(RS256, GOOD)};
    struct auth_principal principal;
    struct err err;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_ok(check(good[i], &principal, &err), &err);
        assert_string_equal(principal.tenant, "acme");
        assert_int_equal(principal.permissions, KEY_PERMISSIONS);
    }
}

static void a_token_narrows_the_permissions_of_its_key_and_never_widens_them(void **state)
{
    static const struct {
        const char *claim;
        unsigned expected;
    } cases[] = {
        {"[\"import\"]", AUTH_IMPORT},
        {"[\"import\",\"admin\",\"B2BBulkImport\"]", AUTH_IMPORT},
        {"[\"customers\",\"import\",\"of-another-system\",7,null]", KEY_PERMISSIONS},
        {"[\"Import\",\"import \",\"import\\u0000\"]", 0},
        {"[]", 0},
    };
    struct auth_principal principal;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *payload = arena_printf(
            arena, "{" GOOD_CLAIMS ",\"exp\":<+600>,\"permissions\":%s}", cases[i].claim);

        assert_ok(check(hs256(HS256, payload), &principal, &err), &err);
        assert_int_equal(principal.permissions, cases[i].expected);
    }
}

static void what_an_issuer_may_write_otherwise_is_accepted(void **state)
{
    static const char *const payloads[] = {
        /* several audiences */
        "{\"iss\":\"https://sso.example\",\"aud\":[\"other\",\"consign\"],\"tenant\":\"acme\","
        "\"exp\":<+600>}",
        /* clocks that are almost half a minute apart */
        "{" GOOD_CLAIMS ",\"exp\":<-28>}",
        "{" GOOD_CLAIMS ",\"exp\":<+600>,\"nbf\":<+28>}",
        /* times with fractions */
        "{" GOOD_CLAIMS ",\"exp\":<+600>.5,\"nbf\":<-5>.25,\"iat\":1.5e9}",
        /* claims that no database would take for a field */
        "{" GOOD_CLAIMS
        ",\"exp\":<+600>,\"https://sso.example/roles\":[\"a.b\"],\"$x\":{\"a.b\":1},"
        "\"__proto__\":null}",
        /* blanks */
        " {" GOOD_CLAIMS " , \"exp\" : <+600> }\n",
    };
    struct auth_principal principal;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        assert_ok(check(hs256(HS256, payloads[i]), &principal, &err), &err);
    }
}

#define WITHOUT_ISS "\"aud\":\"consign\",\"tenant\":\"acme\",\"exp\":<+600>"
#define WITHOUT_AUD "\"iss\":\"https://sso.example\",\"tenant\":\"acme\",\"exp\":<+600>"
#define WITHOUT_TENANT "\"iss\":\"https://sso.example\",\"aud\":\"consign\",\"exp\":<+600>"

static void a_token_with_wrong_claims_is_refused_however_well_it_is_signed(void **state)
{
    static const char *const payloads[] = {
        "{" GOOD_CLAIMS ",\"exp\":<-31>}",
        "{" GOOD_CLAIMS "}",
        "{" GOOD_CLAIMS ",\"exp\":null}",
        "{" GOOD_CLAIMS ",\"exp\":\"<+600>\"}",
        "{" GOOD_CLAIMS ",\"exp\":true}",
        "{" GOOD_CLAIMS ",\"exp\":-1e300}",
        "{" GOOD_CLAIMS ",\"exp\":<-600>,\"exp\":<+600>}",
        "{" GOOD_CLAIMS ",\"exp\":<+600>,\"nbf\":<+33>}",
        "{" GOOD_CLAIMS ",\"exp\":<+600>,\"nbf\":\"<-600>\"}",
        "{" GOOD_CLAIMS ",\"exp\":<+600>,\"nbf\":null}",
        "{" WITHOUT_ISS "}",
        "{" WITHOUT_ISS ",\"iss\":\"https://sso.example/\"}",
        "{" WITHOUT_ISS ",\"iss\":\"https://sso.example\\u0000\"}",
        "{" WITHOUT_ISS ",\"iss\":[\"https://sso.example\"]}",
        "{" WITHOUT_AUD "}",
        "{" WITHOUT_AUD ",\"aud\":\"other\"}",
        "{" WITHOUT_AUD ",\"aud\":[]}",
        "{" WITHOUT_AUD ",\"aud\":[[\"consign\"],{\"0\":\"consign\"}]}",
        "{" WITHOUT_AUD ",\"aud\":{\"0\":\"consign\"}}",
        "{" WITHOUT_TENANT "}",
        "{" WITHOUT_TENANT ",\"tenant\":\"globex\"}",
        "{" WITHOUT_TENANT ",\"tenant\":\"acme\\u0000\"}",
        "{" WITHOUT_TENANT ",\"tenant\":{\"$ne\":null}}",
        "{" GOOD_CLAIMS ",\"exp\":<+600>,\"permissions\":\"import\"}",
        "{" GOOD_CLAIMS ",\"exp\":<+600>,\"permissions\":null}",
        "[]",
        "\"text\"",
        "{" GOOD_CLAIMS ",\"exp\":<+600>}{}",
        "{" GOOD_CLAIMS ",\"exp\":<+600>,\"x\":\"\xff\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        assert_refused(payloads[i], hs256(HS256, payloads[i]));
    }
}

static void a_token_with_a_wrong_header_is_refused_however_well_it_is_signed(void **state)
{
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"hs\"}",
        "{\"alg\":\"None\",\"kid\":\"hs\"}",
        "{\"alg\":\"\",\"kid\":\"hs\"}",
        "{\"alg\":\"HS512\",\"kid\":\"hs\"}",
        "{\"alg\":\"hs256\",\"kid\":\"hs\"}",
        "{\"alg\":\"HS256\\u0000\",\"kid\":\"hs\"}",
        "{\"alg\":256,\"kid\":\"hs\"}",
        "{\"kid\":\"hs\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"kid\":\"\"}",
        "{\"alg\":\"HS256\",\"kid\":\"unknown\"}",
        "{\"alg\":\"HS256\",\"kid\":\"hs\\u0000\"}",
        "{\"alg\":\"HS256\",\"kid\":null}",
        "{\"alg\":\"HS256\",\"kid\":{\"$gt\":\"\"}}",
        "{\"alg\":\"HS256\",\"kid\":\"rs\"}",
        "{\"alg\":\"RS256\",\"kid\":\"hs\"}",
        "{\"alg\":\"none\",\"alg\":\"HS256\",\"kid\":\"hs\"}",
        "{\"alg\":\"HS256\",\"kid\":\"hs\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"HS256\",\"kid\":\"hs\",\"crit\":[]}",
        "[\"HS256\",\"hs\"]",
        "null",
        "{",
    };
    const char *long_kid = arena_printf(arena, "{\"alg\":\"HS256\",\"kid\":\"%065d\"}", 0);

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        assert_refused(headers[i], hs256(headers[i], GOOD));
    }
    assert_refused("a kid of 65 characters", hs256(long_kid, GOOD));
}

static void an_unsigned_token_is_refused(void **state)
{
    static const char *const headers[] = {"{\"alg\":\"none\"}", "{\"alg\":\"none\",\"kid\":\"hs\"}",
                                          HS256, RS256};

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *token = arena_printf(arena, "%s.%s.", jwt_encode(arena, str_from(headers[i])),
                                         jwt_encode(arena, str_from(jwt_with_times(arena, GOOD))));

        assert_refused(headers[i], token);
        assert_refused(headers[i], arena_printf(arena, "%sAA", token));
    }
}

static void a_public_key_is_never_taken_for_the_secret_of_an_hmac(void **state)
{
    const char *claims = jwt_with_times(arena, GOOD);
    struct str pem = str_from(rsa_pem);
    struct str without_newline = {pem.p, pem.n - 1};

    (void)state;
    assert_refused("HMAC with the PEM", jwt_sign_hs256(arena, HS256, claims, pem));
    assert_refused("HMAC for the RSA key",
                   jwt_sign_hs256(arena, "{\"alg\":\"HS256\",\"kid\":\"rs\"}", claims, pem));
    assert_refused("RS256 by name, HMAC by content", jwt_sign_hs256(arena, RS256, claims, pem));
    assert_refused("the same without the newline",
                   jwt_sign_hs256(arena, RS256, claims, without_newline));
}

static void a_token_signed_by_somebody_else_is_refused(void **state)
{
    AUTO(evp_key) EVP_PKEY *other = jwt_new_key("RSA", 2048);
    const char *claims = jwt_with_times(arena, GOOD);
    const char *token = rs256(RS256, GOOD);
    const char *signature = strrchr(token, '.');

    (void)state;
    assert_refused("another RSA key", jwt_sign_rs256(arena, RS256, claims, other));
    assert_refused("another secret",
                   jwt_sign_hs256(arena, HS256, claims, STR("0123456789abcdef0123456789abcdeF")));
    assert_refused("half a secret",
                   jwt_sign_hs256(arena, HS256, claims, (struct str){secret.p, 16}));
    assert_refused("no secret", jwt_sign_hs256(arena, HS256, claims, STR("")));
    assert_refused("the signature of other claims",
                   arena_printf(arena, "%s.%s%s", jwt_encode(arena, str_from(RS256)),
                                jwt_encode(arena, str_from("{" GOOD_CLAIMS ",\"exp\":9e9}")),
                                signature));
}

static void a_text_that_is_no_token_is_refused(void **state)
{
    const char *good = hs256(HS256, GOOD);
    static const char *const texts[] = {
        "", " ", ".", "..", "...", "a", "a.b", "a.b.c", "e30.e30.e30", "=.=.=", "%.%.%",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_refused(texts[i], texts[i]);
    }
    for (size_t n = 0; n < strlen(good); n++) {
        assert_refused("a token cut short", arena_strndup(arena, good, n));
    }
    assert_refused("padding", arena_printf(arena, "%s=", good));
    assert_refused("a blank behind", arena_printf(arena, "%s ", good));
    assert_refused("a line behind", arena_printf(arena, "%s\n", good));
    assert_refused("a dot behind", arena_printf(arena, "%s.", good));
    assert_refused("a fourth part", arena_printf(arena, "%s.e30", good));
    assert_refused("a dot before", arena_printf(arena, ".%s", good));
}

static void a_token_of_100_kb_is_refused_without_asking_the_database(void **state)
{
    char *text = arena_alloc(arena, 100 * 1024 + 1);
    int loads = keys.loads;

    (void)state;
    memset(text, 'a', 100 * 1024);
    text[100 * 1024] = '\0';
    assert_refused("100 KB", text);
    memset(text, ' ', 1000);
    assert_refused("blanks, then 99 KB", text);
    assert_refused(
        "100 KB of payload",
        hs256(HS256, arena_printf(arena, "{" GOOD_CLAIMS ",\"exp\":<+600>,\"x\":\"%s\"}", text)));
    assert_int_equal(keys.loads, loads);
}

static void refuse_flipped(const char *token, size_t at, int bit)
{
    size_t n = strlen(token);
    char *changed = arena_strndup(arena, token, n);
    struct auth_principal principal;
    struct err err;

    changed[at] ^= (char)(1 << bit);
    if (check_with(auth, (struct str){changed, n}, &principal, &err)) {
        fail_msg("accepted with bit %d of character %zu of %zu flipped", bit, at, n);
    }
}

static void every_flipped_bit_is_noticed(void **state)
{
    const char *tokens[] = {hs256(HS256, GOOD), rs256(RS256, GOOD)};

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        size_t n = strlen(tokens[t]);

        for (size_t i = 0; i < n; i++) {
            refuse_flipped(tokens[t], i, (int)(i % 8));
        }
        /* The signature has several spellings for a careless reader: bits of its last character
         * carry nothing, and bytes above 0x7f may pass for letters. */
        for (size_t i = n - 43; i < n; i++) {
            for (int bit = 0; bit < 8; bit++) {
                refuse_flipped(tokens[t], i, bit);
            }
        }
    }
}

static void a_key_is_loaded_once_and_an_unknown_one_is_remembered_too(void **state)
{
    AUTO(auth) struct auth *fresh = open_auth(pepper);
    struct str good = str_from(hs256(HS256, GOOD));
    struct str unknown = str_from(hs256("{\"alg\":\"HS256\",\"kid\":\"unknown\"}", GOOD));
    int loads = keys.loads;
    struct auth_principal principal;
    struct err err;

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_ok(check_with(fresh, good, &principal, &err), &err);
        assert_false(check_with(fresh, unknown, &principal, &err));
    }
    assert_int_equal(keys.loads, loads + 2);
}

static void a_database_that_is_down_is_not_taken_for_a_wrong_token(void **state)
{
    AUTO(auth) struct auth *fresh = open_auth(pepper);
    struct auth_principal principal;
    struct err err;

    (void)state;
    keys.is_down = true;
    assert_false(check_with(fresh, str_from(hs256(HS256, GOOD)), &principal, &err));
    keys.is_down = false;
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void a_stored_secret_can_be_read_with_its_pepper_only(void **state)
{
    char other_pepper[] = "another pepper that is as long as it";
    AUTO(auth) struct auth *other = open_auth(other_pepper);
    struct auth_principal principal;
    struct err err;

    (void)state;
    assert_null(memmem(keys.hs.material, sizeof(keys.hs.material), secret.p, secret.n));
    assert_false(check_with(other, str_from(hs256(HS256, GOOD)), &principal, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
}

static void a_secret_that_can_be_guessed_is_not_stored(void **state)
{
    struct config config = {.key_pepper = pepper};
    struct auth_jwt_key key = {0};
    struct err err;

    (void)state;
    assert_false(auth_set_secret(&config, (struct str){secret.p, 31}, &key, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(auth_set_secret(&config, STR(""), &key, &err));
    assert_ok(auth_set_secret(&config, secret, &key, &err), &err);
}

static void only_an_rsa_public_key_of_2048_bits_is_stored(void **state)
{
    AUTO(evp_key) EVP_PKEY *small = jwt_new_key("RSA", 1024);
    AUTO(evp_key) EVP_PKEY *curve = jwt_new_key("EC", 0);
    const char *wrong[] = {jwt_public_pem(arena, small),
                           jwt_public_pem(arena, curve),
                           jwt_private_pem(arena, rsa),
                           "",
                           "no key at all",
                           "-----BEGIN PUBLIC KEY-----\n"};
    struct auth_jwt_key key = {0};
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(auth_set_public_key(str_from(wrong[i]), &key, &err));
        assert_int_equal(err.kind, ERR_INVALID);
    }
    assert_int_equal(key.algorithm, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_token_gives_the_tenant_and_permissions_of_its_key),
        cmocka_unit_test(a_token_narrows_the_permissions_of_its_key_and_never_widens_them),
        cmocka_unit_test(what_an_issuer_may_write_otherwise_is_accepted),
        cmocka_unit_test(a_token_with_wrong_claims_is_refused_however_well_it_is_signed),
        cmocka_unit_test(a_token_with_a_wrong_header_is_refused_however_well_it_is_signed),
        cmocka_unit_test(an_unsigned_token_is_refused),
        cmocka_unit_test(a_public_key_is_never_taken_for_the_secret_of_an_hmac),
        cmocka_unit_test(a_token_signed_by_somebody_else_is_refused),
        cmocka_unit_test(a_text_that_is_no_token_is_refused),
        cmocka_unit_test(a_token_of_100_kb_is_refused_without_asking_the_database),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(a_key_is_loaded_once_and_an_unknown_one_is_remembered_too),
        cmocka_unit_test(a_database_that_is_down_is_not_taken_for_a_wrong_token),
        cmocka_unit_test(a_stored_secret_can_be_read_with_its_pepper_only),
        cmocka_unit_test(a_secret_that_can_be_guessed_is_not_stored),
        cmocka_unit_test(only_an_rsa_public_key_of_2048_bits_is_stored),
    };

    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
