#pragma once

#include "auth/auth.h"

#include <bson/bson.h>

/*
 * A signed token in JSON Web Signature's compact form (RFC 7515): header.payload.signature. Strict:
 * exactly three parts in base64url without padding, of which there is one spelling; unknown
 * algorithms and critical extensions are refused.
 */
struct jws {
    char kid[AUTH_RECORD_ID_SIZE];
    enum auth_algorithm algorithm; /* what the token claims: only ever compared with the key's */
    struct str signed_part;        /* what the signature is of; borrowed from the text */
    struct str signature;
    struct str payload;
};

/* ERR_INVALID says what is wrong with the form. Nothing in a token is true before its signature was
 * checked. */
bool jws_parse(struct str text, struct arena *arena, struct jws *out, struct err *err) MUST_USE;

/* The payload as a document; call it after the signature was checked. */
bool jws_read_claims(const struct jws *jws, struct arena *arena, const bson_t **out,
                     struct err *err) MUST_USE;

/* The text under a name; {NULL, 0} when there is none. */
struct str jws_text(const bson_t *document, const char *name);
