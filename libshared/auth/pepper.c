#include "auth/pepper.h"

#include "config/config.h"

#include <sodium.h>

#include <string.h>

enum { PEPPER_MIN = 32, HASH_BYTES = (AUTH_HASH_SIZE - 1) / 2 };

_Static_assert(sizeof(struct pepper) == crypto_generichash_blake2b_KEYBYTES_MAX, "key of BLAKE2b");
_Static_assert(PEPPER_BOX_BYTES == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES, "box");

/* BLAKE2b's personalisation; none means the plain keyed hash. */
static const unsigned char personal_of_use[][crypto_generichash_blake2b_PERSONALBYTES] = {
    [PEPPER_API_SECRET] = {0},
    [PEPPER_SESSION] = "consign session",
};
static const unsigned char personal_of_box[crypto_generichash_blake2b_PERSONALBYTES] =
    "consign box";
static const unsigned char personal_of_link[crypto_generichash_blake2b_PERSONALBYTES] =
    "consign link";

/* A pepper may be longer than a BLAKE2b key, and all of it should count. */
bool pepper_read(const struct config *config, struct pepper *out, struct err *err)
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

void pepper_forget(struct pepper *pepper)
{
    sodium_memzero(pepper, sizeof(*pepper));
}

void pepper_hash(const struct pepper *pepper, enum pepper_use use, struct str secret,
                 char out[AUTH_HASH_SIZE])
{
    unsigned char hash[HASH_BYTES];

    crypto_generichash_blake2b_salt_personal(hash, sizeof(hash), (const unsigned char *)secret.p,
                                             secret.n, pepper->bytes, sizeof(pepper->bytes), NULL,
                                             personal_of_use[use]);
    sodium_bin2hex(out, AUTH_HASH_SIZE, hash, sizeof(hash));
}

static void derive_key(const struct pepper *pepper, const unsigned char *personal,
                       unsigned char *out, size_t size)
{
    crypto_generichash_blake2b_salt_personal(out, size, NULL, 0, pepper->bytes,
                                             sizeof(pepper->bytes), NULL, personal);
}

void pepper_derive_link_key(const struct pepper *pepper, unsigned char out[PEPPER_LINK_KEY_BYTES])
{
    derive_key(pepper, personal_of_link, out, PEPPER_LINK_KEY_BYTES);
}

void pepper_seal(const struct pepper *pepper, struct str secret, unsigned char *out)
{
    unsigned char key[crypto_secretbox_KEYBYTES];

    derive_key(pepper, personal_of_box, key, sizeof(key));
    randombytes_buf(out, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, (const unsigned char *)secret.p,
                          secret.n, out, key);
    sodium_memzero(key, sizeof(key));
}

bool pepper_unseal(const struct pepper *pepper, const unsigned char *sealed, size_t sealed_size,
                   unsigned char *out)
{
    unsigned char key[crypto_secretbox_KEYBYTES];

    if (sealed_size < PEPPER_BOX_BYTES) {
        return false;
    }
    derive_key(pepper, personal_of_box, key, sizeof(key));
    bool ok =
        crypto_secretbox_open_easy(out, sealed + crypto_secretbox_NONCEBYTES,
                                   sealed_size - crypto_secretbox_NONCEBYTES, sealed, key) == 0;

    sodium_memzero(key, sizeof(key));
    return ok;
}
