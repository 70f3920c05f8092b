#include "support/jwt.h"
#include "support/test.h"

#include "auth/auth.h"
#include "config/config.h"

#include <string.h>

/* However a good token is changed, it is no good token any more. */

enum { ROUNDS = 4000, CHANGES_MAX = 4 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

static uint64_t random_state;
static struct arena *arena;
static struct auth_jwt_key keys[2];

static uint64_t next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t below(size_t n)
{
    return (size_t)(next() % n);
}

static char any_char(void)
{
    return below(4) == 0 ? (char)next() : alphabet[below(sizeof(alphabet) - 1)];
}

static bool load(void *ctx, const char *kid, struct auth_jwt_key *out, struct err *err)
{
    (void)ctx;
    if (strcmp(kid, "0") != 0 && strcmp(kid, "1") != 0) {
        return err_set(err, ERR_NOT_FOUND, "no such key");
    }
    *out = keys[kid[0] - '0'];
    return true;
}

/* One change to `text`, which has room for one character more; returns its new length. */
static size_t change(char *text, size_t n)
{
    if (n < 2) {
        return n;
    }
    size_t at = below(n);
    size_t other = below(n);
    char kept = text[at];

    switch (below(5)) {
    case 0:
        text[at] = any_char();
        return n;
    case 1:
        memmove(text + at, text + at + 1, n - at - 1);
        return n - 1;
    case 2:
        memmove(text + at + 1, text + at, n - at);
        text[at] = any_char();
        return n + 1;
    case 3:
        text[at] = text[other];
        text[other] = kept;
        return n;
    default:
        return at > 0 ? at : n;
    }
}

static void assert_no_change_is_accepted(struct auth *auth, struct str good)
{
    char *text = arena_alloc(arena, good.n + CHANGES_MAX);

    for (int round = 0; round < ROUNDS; round++) {
        size_t n = good.n;
        struct auth_principal principal;
        struct err err;

        memcpy(text, good.p, good.n);
        for (size_t changes = 1 + below(CHANGES_MAX); changes > 0; changes--) {
            /* The scheme may be written in several ways. */
            n = 7 + change(text + 7, n - 7);
        }
        struct auth_request request = {.authorization = {text, n}};
        bool is_same = str_eq(request.authorization, good);
        bool is_accepted = auth_check(auth, &request, &principal, &err);

        /* Blanks between the scheme and the token are nothing. */
        if (is_accepted && !is_same && text[7] != ' ') {
            fail_msg("accepted after a change in round %d: %.*s", round, (int)n, text);
        }
        assert_true(is_accepted || !is_same);
        assert_true(is_accepted || err.kind == ERR_INVALID);
    }
}

static void a_good_token_is_never_good_after_a_change(void **state)
{
    static const struct str secret = STR("0123456789abcdef0123456789abcdef");
    static char pepper[] = "a pepper that is long enough for it";
    AUTO(evp_key) EVP_PKEY *rsa = jwt_new_key("RSA", 2048);
    struct config config = {.key_pepper = pepper, .credential_cache_ms = 60000};
    const struct auth_loader loader = {.jwt_key = load};
    AUTO(auth) struct auth *auth = NULL;
    struct err err;

    (void)state;
    random_state = test_seed() | 1;
    arena = arena_new();
    for (int i = 0; i < 2; i++) {
        keys[i] = (struct auth_jwt_key){.tenant = "acme", .issuer = "sso", .audience = "consign"};
    }
    const char *pem = jwt_public_pem(arena, rsa);
    const char *claims = jwt_with_times(
        arena, "{\"iss\":\"sso\",\"aud\":\"consign\",\"tenant\":\"acme\",\"exp\":<+600>}");

    assert_ok(auth_set_secret(&config, secret, &keys[0], &err), &err);
    assert_ok(auth_set_public_key(str_from(pem), &keys[1], &err), &err);
    assert_ok(auth_open(&config, &loader, &auth, &err), &err);
    const char *tokens[] = {
        jwt_sign_hs256(arena, "{\"alg\":\"HS256\",\"kid\":\"0\"}", claims, secret),
        jwt_sign_rs256(arena, "{\"alg\":\"RS256\",\"kid\":\"1\"}", claims, rsa)};

    for (int i = 0; i < 2; i++) {
        assert_no_change_is_accepted(auth, str_from(arena_printf(arena, "Bearer %s", tokens[i])));
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_token_is_never_good_after_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
