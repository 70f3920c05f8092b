#pragma once

#include "base/str.h"

enum { DIGEST_SIZE = 65 };

/* SHA-256 as 64 hex digits. */
void digest_sha256(struct str bytes, char out[DIGEST_SIZE]);
