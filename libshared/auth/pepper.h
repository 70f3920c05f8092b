#pragma once

#include "auth/auth.h"

/*
 * What CONSIGN_KEY_PEPPER is good for: hashes of secrets that are only compared, and a box for
 * those that are needed again. Every use has a keyed BLAKE2b of its own, so that nothing made for
 * one use is worth anything in another.
 */
struct pepper {
    unsigned char bytes[64];
};

enum pepper_use { PEPPER_API_SECRET, PEPPER_SESSION };

/* ERR_INVALID when the pepper is shorter than 32 characters. */
bool pepper_read(const struct config *config, struct pepper *out, struct err *err) MUST_USE;
void pepper_forget(struct pepper *pepper);

/* The hash as hex. */
void pepper_hash(const struct pepper *pepper, enum pepper_use use, struct str secret,
                 char out[AUTH_HASH_SIZE]);

enum { PEPPER_BOX_BYTES = 40 }; /* by which a sealed secret is longer: nonce and tag */

/* `out` takes PEPPER_BOX_BYTES more than the secret has. */
void pepper_seal(const struct pepper *pepper, struct str secret, unsigned char *out);

enum { PEPPER_LINK_KEY_BYTES = 32 };

/* The key under which links are signed. */
void pepper_derive_link_key(const struct pepper *pepper, unsigned char out[PEPPER_LINK_KEY_BYTES]);

/* The reverse of pepper_seal; false when `sealed` was changed, or sealed with another pepper. */
bool pepper_unseal(const struct pepper *pepper, const unsigned char *sealed, size_t sealed_size,
                   unsigned char *out) MUST_USE;
