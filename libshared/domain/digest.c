#include "domain/digest.h"

#include <sodium.h>

_Static_assert(crypto_hash_sha256_BYTES == DIGEST_BYTES &&
                   crypto_auth_hmacsha256_BYTES == DIGEST_BYTES,
               "SHA-256");

void digest_write_hex(const unsigned char digest[DIGEST_BYTES], char out[DIGEST_SIZE])
{
    sodium_bin2hex(out, DIGEST_SIZE, digest, DIGEST_BYTES);
}

void digest_sha256(struct str bytes, char out[DIGEST_SIZE])
{
    unsigned char hash[DIGEST_BYTES];

    crypto_hash_sha256(hash, (const unsigned char *)bytes.p, bytes.n);
    digest_write_hex(hash, out);
}

void digest_hmac_sha256(struct str key, struct str text, unsigned char out[DIGEST_BYTES])
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.p, key.n);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text.p, text.n);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}
