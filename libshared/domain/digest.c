#include "domain/digest.h"

#include <sodium.h>

void digest_sha256(struct str bytes, char out[DIGEST_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, (const unsigned char *)bytes.p, bytes.n);
    sodium_bin2hex(out, DIGEST_SIZE, hash, sizeof(hash));
}
