#pragma once

#include "base/str.h"

enum { DIGEST_SIZE = 65, DIGEST_BYTES = 32 };

/* SHA-256 as 64 hex digits. */
void digest_sha256(struct str bytes, char out[DIGEST_SIZE]);

/* HMAC-SHA256 (RFC 2104) as bytes. `out` may be where the key is. */
void digest_hmac_sha256(struct str key, struct str text, unsigned char out[DIGEST_BYTES]);

/* The bytes of a digest as 64 hex digits. */
void digest_write_hex(const unsigned char digest[DIGEST_BYTES], char out[DIGEST_SIZE]);
