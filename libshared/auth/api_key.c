#include "auth/auth_internal.h"

#include <sodium.h>

enum { SECRET_MAX = 256 };

static bool refuse(struct err *err)
{
    return err_set(err, ERR_INVALID, "the API key is missing or wrong");
}

/* x-api-key-id and x-api-secret say nothing without x-auth-method; VTEX's names need no other. */
static bool is_sent(const struct auth_request *request)
{
    return request->app_key.p || request->app_token.p;
}

static bool read_headers(const struct pepper *pepper, const struct auth_request *request,
                         struct credential *out, struct err *err)
{
    bool has_own_names = request->method.p && (request->key_id.p || request->secret.p);
    struct str id = has_own_names ? request->key_id : request->app_key;
    struct str secret = has_own_names ? request->secret : request->app_token;

    if (id.n == 0 || id.n >= sizeof(out->id) || memchr(id.p, '\0', id.n) || secret.n == 0 ||
        secret.n > SECRET_MAX) {
        return refuse(err);
    }
    memcpy(out->id, id.p, id.n);
    out->id[id.n] = '\0';
    pepper_hash(pepper, PEPPER_API_SECRET, secret, out->secret_hash);
    return true;
}

static bool load(const struct auth_loader *loader, const char *id, union record *out,
                 struct err *err)
{
    return loader->key(loader->ctx, id, &out->key, err);
}

/* The NULs of a key that is not there equal no hash in hex. */
static bool judge(const struct pepper *pepper, const union record *record,
                  const struct credential *credential, struct auth_principal *out, struct err *err)
{
    const struct auth_key *key = &record->key;

    (void)pepper;
    if (sodium_memcmp(key->secret_hash, credential->secret_hash, AUTH_HASH_SIZE) != 0) {
        return refuse(err);
    }
    return principal_set(out, key->tenant, key->permissions);
}

const struct kind kind_api_key = {
    .method = "api-key",
    .record_size = sizeof(struct auth_key),
    .is_sent = is_sent,
    .read = read_headers,
    .load = load,
    .judge = judge,
};
