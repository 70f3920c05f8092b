#pragma once

#include "base/mem.h"
#include "base/str.h"

#include <openssl/evp.h>

/* Bearer tokens as an issuer makes them, and as a forger does. Texts belong to the arena. */

DEFINE_AUTO(evp_key, EVP_PKEY, EVP_PKEY_free)

/* A key pair, "RSA" of so many bits or "EC" (bits do not matter). */
EVP_PKEY *jwt_new_key(const char *type, unsigned bits);
char *jwt_public_pem(struct arena *arena, const EVP_PKEY *key);
char *jwt_private_pem(struct arena *arena, const EVP_PKEY *key);

/* The bytes in base64url without padding. */
char *jwt_encode(struct arena *arena, struct str bytes);

/* Tokens with exactly this header and payload, whatever they say. */
char *jwt_sign_hs256(struct arena *arena, const char *header, const char *payload,
                     struct str secret);
char *jwt_sign_rs256(struct arena *arena, const char *header, const char *payload, EVP_PKEY *key);

/* The text with every <+90> or <-90> replaced by the time that is so many seconds from now. */
char *jwt_with_times(struct arena *arena, const char *text);
