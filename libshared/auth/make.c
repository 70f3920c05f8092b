/* Credentials as they are made and prepared for storing. */
#include "auth/pepper.h"
#include "auth/signature.h"

#include "base/id.h"

#include <sodium.h>

enum { JWT_SECRET_MIN = 32, JWT_SECRET_MAX = 256 };

void auth_generate(char key_id[AUTH_ID_SIZE], char secret[AUTH_SECRET_SIZE])
{
    memcpy(key_id, "ak_", 3);
    id_random_text(key_id + 3, AUTH_ID_SIZE - 4);
    memcpy(secret, "sk_", 3);
    id_random_text(secret + 3, AUTH_SECRET_SIZE - 4);
}

void auth_generate_session(char token[AUTH_SESSION_SIZE])
{
    memcpy(token, "vs_", 3);
    id_random_text(token + 3, AUTH_SESSION_SIZE - 4);
}

static bool hash(const struct config *config, enum pepper_use use, struct str secret,
                 char out[AUTH_HASH_SIZE], struct err *err)
{
    struct pepper pepper;

    if (!pepper_read(config, &pepper, err)) {
        return false;
    }
    pepper_hash(&pepper, use, secret, out);
    pepper_forget(&pepper);
    return true;
}

bool auth_hash_secret(const struct config *config, struct str secret, char out[AUTH_HASH_SIZE],
                      struct err *err)
{
    return hash(config, PEPPER_API_SECRET, secret, out, err);
}

bool auth_hash_session(const struct config *config, struct str token, char out[AUTH_HASH_SIZE],
                       struct err *err)
{
    return hash(config, PEPPER_SESSION, token, out, err);
}

bool auth_set_secret(const struct config *config, struct str secret, struct auth_jwt_key *key,
                     struct err *err)
{
    struct pepper pepper;

    if (secret.n < JWT_SECRET_MIN || secret.n > JWT_SECRET_MAX) {
        return err_set(err, ERR_INVALID, "the secret of HS256 has %d to %d bytes", JWT_SECRET_MIN,
                       JWT_SECRET_MAX);
    }
    if (!pepper_read(config, &pepper, err)) {
        return false;
    }
    pepper_seal(&pepper, secret, key->material);
    pepper_forget(&pepper);
    key->material_size = secret.n + PEPPER_BOX_BYTES;
    key->algorithm = AUTH_HS256;
    return true;
}

bool auth_set_public_key(struct str pem, struct auth_jwt_key *key, struct err *err)
{
    if (pem.n > sizeof(key->material)) {
        return err_set(err, ERR_INVALID, "a public key has at most %zu bytes",
                       sizeof(key->material));
    }
    if (!signature_check_public_key(pem, err)) {
        return false;
    }
    memcpy(key->material, pem.p, pem.n);
    key->material_size = pem.n;
    key->algorithm = AUTH_RS256;
    return true;
}

void auth_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}
