#include "auth/auth.h"

#include "auth/cache.h"
#include "base/clock.h"
#include "base/id.h"
#include "config/config.h"

#include <sodium.h>

#include <string.h>

enum {
    PEPPER_MIN = 32,
    SECRET_MAX = 256,
    REFUSAL_MS = 5000,
    HASH_BYTES = (AUTH_HASH_SIZE - 1) / 2,
};

struct pepper {
    unsigned char bytes[crypto_generichash_KEYBYTES_MAX];
};

struct auth {
    struct pepper pepper;
    auth_load_fn load;
    void *ctx;
    int64_t cache_ms;
    struct auth_cache *cache;
};

static const struct {
    enum auth_permission permission;
    const char *name;
} permissions[] = {
    {AUTH_CUSTOMERS, "customers"},
    {AUTH_IMPORT, "import"},
    {AUTH_BULK_IMPORT, "B2BBulkImport"},
    {AUTH_ADMIN, "admin"},
};

enum { PERMISSIONS = sizeof(permissions) / sizeof(permissions[0]) };

unsigned auth_permission_parse(struct str name)
{
    for (size_t i = 0; i < PERMISSIONS; i++) {
        if (str_is(name, permissions[i].name)) {
            return permissions[i].permission;
        }
    }
    return 0;
}

const char *auth_permission_name(unsigned permission)
{
    for (size_t i = 0; i < PERMISSIONS; i++) {
        if (permissions[i].permission == permission) {
            return permissions[i].name;
        }
    }
    return "unknown";
}

bool auth_permissions_parse(const char *text, unsigned *out, struct err *err)
{
    unsigned set = 0;

    for (const char *word = text; *word;) {
        size_t n = strcspn(word, ",");
        unsigned permission = auth_permission_parse((struct str){word, n});

        if (!permission) {
            return err_set(err, ERR_INVALID, "\"%.*s\" is no permission", (int)n, word);
        }
        set |= permission;
        word += word[n] ? n + 1 : n;
    }
    *out = set;
    return true;
}

/* A pepper may be longer than a BLAKE2b key, and all of it should count. */
static bool read_pepper(const struct config *config, struct pepper *out, struct err *err)
{
    size_t n = strlen(config->key_pepper);

    if (sodium_init() < 0) {
        return err_set(err, ERR_INTERNAL, "libsodium does not start");
    }
    if (n < PEPPER_MIN) {
        return err_set(err, ERR_INVALID, "CONSIGN_KEY_PEPPER: at least %d characters are needed",
                       PEPPER_MIN);
    }
    crypto_generichash(out->bytes, sizeof(out->bytes), (const unsigned char *)config->key_pepper, n,
                       NULL, 0);
    return true;
}

static void hash_secret(const struct pepper *pepper, struct str secret, char out[AUTH_HASH_SIZE])
{
    unsigned char hash[HASH_BYTES];

    crypto_generichash(hash, sizeof(hash), (const unsigned char *)secret.p, secret.n, pepper->bytes,
                       sizeof(pepper->bytes));
    sodium_bin2hex(out, AUTH_HASH_SIZE, hash, sizeof(hash));
}

bool auth_hash_secret(const struct config *config, struct str secret, char out[AUTH_HASH_SIZE],
                      struct err *err)
{
    struct pepper pepper;

    if (!read_pepper(config, &pepper, err)) {
        return false;
    }
    hash_secret(&pepper, secret, out);
    sodium_memzero(&pepper, sizeof(pepper));
    return true;
}

bool auth_open(const struct config *config, auth_load_fn load, void *ctx, struct auth **out,
               struct err *err)
{
    struct pepper pepper;

    if (!read_pepper(config, &pepper, err)) {
        return false;
    }
    struct auth *auth = mem_calloc(1, sizeof(*auth));

    auth->pepper = pepper;
    sodium_memzero(&pepper, sizeof(pepper));
    auth->load = load;
    auth->ctx = ctx;
    auth->cache_ms = config->credential_cache_ms;
    auth->cache = auth_cache_new();
    *out = auth;
    return true;
}

void auth_close(struct auth *auth)
{
    if (!auth) {
        return;
    }
    auth_cache_free(auth->cache);
    sodium_memzero(&auth->pepper, sizeof(auth->pepper));
    mem_free(auth);
}

static bool key_matches(const struct auth_key *key, const char hash[AUTH_HASH_SIZE])
{
    return sodium_memcmp(key->secret_hash, hash, AUTH_HASH_SIZE) == 0;
}

static bool refuse(struct err *err)
{
    return err_set(err, ERR_INVALID, "the API key is missing or wrong");
}

/* An unknown key is remembered, and compared, like a known one; a hash of NULs equals no hash in
 * hex. */
static bool load_key(struct auth *auth, const char *key_id, struct auth_key *out, struct err *err)
{
    *out = (struct auth_key){0};
    if (!auth->load(auth->ctx, key_id, out, err)) {
        if (err->kind != ERR_NOT_FOUND) {
            return false;
        }
        *out = (struct auth_key){0};
    }
    auth_cache_put(auth->cache, key_id, out, clock_monotonic_ms());
    return true;
}

static bool admit(const struct auth_key *key, struct auth_principal *out)
{
    memcpy(out->tenant, key->tenant, sizeof(out->tenant));
    out->permissions = key->permissions;
    return true;
}

static bool check(struct auth *auth, const char *key_id, const char hash[AUTH_HASH_SIZE],
                  struct auth_principal *out, struct err *err)
{
    struct auth_key key;
    int64_t loaded_ms;

    if (auth_cache_get(auth->cache, key_id, &key, &loaded_ms)) {
        int64_t age_ms = clock_monotonic_ms() - loaded_ms;

        if (key_matches(&key, hash) ? age_ms < auth->cache_ms : age_ms < REFUSAL_MS) {
            return key_matches(&key, hash) ? admit(&key, out) : refuse(err);
        }
    }
    if (!load_key(auth, key_id, &key, err)) {
        return false;
    }
    return key_matches(&key, hash) ? admit(&key, out) : refuse(err);
}

bool auth_check_api_key(struct auth *auth, struct str key_id, struct str secret,
                        struct auth_principal *out, struct err *err)
{
    char id[AUTH_CACHE_ID_SIZE];
    char hash[AUTH_HASH_SIZE];

    if (key_id.n == 0 || key_id.n >= sizeof(id) || memchr(key_id.p, '\0', key_id.n) ||
        secret.n == 0 || secret.n > SECRET_MAX) {
        return refuse(err);
    }
    memcpy(id, key_id.p, key_id.n);
    id[key_id.n] = '\0';
    hash_secret(&auth->pepper, secret, hash);
    return check(auth, id, hash, out, err);
}

void auth_generate(char key_id[AUTH_ID_SIZE], char secret[AUTH_SECRET_SIZE])
{
    memcpy(key_id, "ak_", 3);
    id_random_text(key_id + 3, AUTH_ID_SIZE - 4);
    memcpy(secret, "sk_", 3);
    id_random_text(secret + 3, AUTH_SECRET_SIZE - 4);
}

void auth_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}
