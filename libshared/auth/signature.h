#pragma once

#include "base/err.h"
#include "base/str.h"

/* The two signatures of tokens (RFC 7518). ERR_INVALID: the signature is not of this text by this
 * key. */

bool signature_check_hs256(struct str text, struct str signature, struct str secret,
                           struct err *err) MUST_USE;

/* `pem` holds the public key. ERR_INTERNAL when signature_check_public_key would refuse it. */
bool signature_check_rs256(struct str text, struct str signature, struct str pem,
                           struct err *err) MUST_USE;

/* ERR_INVALID unless `pem` is an RSA public key of 2048 to 8192 bits. */
bool signature_check_public_key(struct str pem, struct err *err) MUST_USE;
