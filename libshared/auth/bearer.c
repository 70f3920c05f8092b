#include "auth/auth_internal.h"

#include "auth/signature.h"
#include "base/clock.h"

#include <sodium.h>

#include <strings.h>

/* How far our clock and the issuer's may be apart. */
enum { LEEWAY_S = 30 };

static bool refuse(struct err *err, const char *why)
{
    return err_set(err, ERR_INVALID, "the token %s", why);
}

/* What follows "Bearer "; {NULL, 0} for another scheme. */
static struct str token_of(struct str authorization)
{
    struct str scheme = STR("Bearer ");

    if (authorization.n < scheme.n || strncasecmp(authorization.p, scheme.p, scheme.n) != 0) {
        return (struct str){NULL, 0};
    }
    size_t at = scheme.n;

    while (at < authorization.n && authorization.p[at] == ' ') {
        at++;
    }
    return (struct str){authorization.p + at, authorization.n - at};
}

static bool is_sent(const struct auth_request *request)
{
    return token_of(request->authorization).p != NULL;
}

static bool read_token(const struct pepper *pepper, const struct auth_request *request,
                       struct credential *out, struct err *err)
{
    (void)pepper;
    if (!jws_parse(token_of(request->authorization), out->arena, &out->token, err)) {
        return false;
    }
    memcpy(out->id, out->token.kid, sizeof(out->id));
    return true;
}

static bool load(const struct auth_loader *loader, const char *id, union record *out,
                 struct err *err)
{
    return loader->jwt_key(loader->ctx, id, &out->jwt_key, err);
}

static bool check_hmac(const struct pepper *pepper, const struct auth_jwt_key *key,
                       const struct jws *token, struct err *err)
{
    unsigned char secret[AUTH_MATERIAL_SIZE];

    if (!pepper_unseal(pepper, key->material, key->material_size, secret)) {
        return err_set(err, ERR_INTERNAL, "a stored secret was sealed with another pepper");
    }
    struct str text = {(const char *)secret, key->material_size - PEPPER_BOX_BYTES};
    bool ok = signature_check_hs256(token->signed_part, token->signature, text, err);

    sodium_memzero(secret, sizeof(secret));
    return ok;
}

static bool check_signature(const struct pepper *pepper, const struct auth_jwt_key *key,
                            const struct jws *token, struct err *err)
{
    /* The key decides. A token that could choose would have itself verified by HMAC with the public
     * key as the secret. */
    if (token->algorithm != key->algorithm) {
        return refuse(err, "is signed with an unknown key or another algorithm than its key's");
    }
    if (key->algorithm == AUTH_HS256) {
        return check_hmac(pepper, key, token, err);
    }
    struct str pem = {(const char *)key->material, key->material_size};

    return signature_check_rs256(token->signed_part, token->signature, pem, err);
}

/* Seconds since the epoch; false when the claim is there and no number. */
static bool read_time(const bson_t *claims, const char *name, double fallback, double *out)
{
    bson_iter_t value;

    *out = fallback;
    if (!bson_iter_init_find(&value, claims, name)) {
        return true;
    }
    *out = bson_iter_as_double(&value);
    return BSON_ITER_HOLDS_NUMBER(&value);
}

static bool check_times(const bson_t *claims, struct err *err)
{
    double now = (double)clock_now_ms() / 1000;
    double expires;
    double begins;

    if (!bson_has_field(claims, "exp") || !read_time(claims, "exp", 0, &expires) ||
        !read_time(claims, "nbf", 0, &begins)) {
        return refuse(err, "has no proper exp or nbf");
    }
    if (now >= expires + LEEWAY_S) {
        return refuse(err, "has expired");
    }
    return now >= begins - LEEWAY_S || refuse(err, "is not valid yet");
}

/* Whether the claim is the text, or a list that holds it. */
static bool claim_names(const bson_t *claims, const char *name, const char *text)
{
    bson_iter_t value;
    bson_iter_t item;

    if (!bson_iter_init_find(&value, claims, name) || !BSON_ITER_HOLDS_ARRAY(&value)) {
        return str_is(jws_text(claims, name), text);
    }
    if (!bson_iter_recurse(&value, &item)) {
        return false;
    }
    while (bson_iter_next(&item)) {
        uint32_t n;

        if (BSON_ITER_HOLDS_UTF8(&item)) {
            const char *member = bson_iter_utf8(&item, &n);

            if (str_is((struct str){member, n}, text)) {
                return true;
            }
        }
    }
    return false;
}

static bool check_names(const struct auth_jwt_key *key, const bson_t *claims, struct err *err)
{
    if (!str_is(jws_text(claims, "iss"), key->issuer)) {
        return refuse(err, "is of another issuer");
    }
    if (!claim_names(claims, "aud", key->audience)) {
        return refuse(err, "is for another audience");
    }
    return str_is(jws_text(claims, "tenant"), key->tenant) ||
           refuse(err, "names another tenant than its key's");
}

/* A token without the claim has all permissions of its key; one with it never has more. */
static bool read_permissions(const struct auth_jwt_key *key, const bson_t *claims, unsigned *out,
                             struct err *err)
{
    bson_iter_t value;

    *out = key->permissions;
    if (!bson_iter_init_find(&value, claims, "permissions")) {
        return true;
    }
    for (unsigned permission = AUTH_CUSTOMERS; permission <= AUTH_ADMIN; permission <<= 1) {
        if (!claim_names(claims, "permissions", auth_permission_name(permission))) {
            *out &= ~permission;
        }
    }
    return BSON_ITER_HOLDS_ARRAY(&value) || refuse(err, "has permissions that are no list");
}

static bool judge(const struct pepper *pepper, const union record *record,
                  const struct credential *credential, struct auth_principal *out, struct err *err)
{
    const struct auth_jwt_key *key = &record->jwt_key;
    const struct jws *token = &credential->token;
    const bson_t *claims;
    unsigned permissions;

    if (!check_signature(pepper, key, token, err) ||
        !jws_read_claims(token, credential->arena, &claims, err) || !check_times(claims, err) ||
        !check_names(key, claims, err) || !read_permissions(key, claims, &permissions, err)) {
        return false;
    }
    return principal_set(out, key->tenant, permissions);
}

const struct kind kind_bearer = {
    .method = "bearer",
    .record_size = sizeof(struct auth_jwt_key),
    .is_sent = is_sent,
    .read = read_token,
    .load = load,
    .judge = judge,
};
