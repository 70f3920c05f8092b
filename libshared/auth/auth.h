#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Credentials: who is asking, and what they may do. Knows neither HTTP nor the database: the caller
 * hands over the texts of a request, a loader fetches what is stored. API secrets and session
 * tokens exist only in requests; stored and remembered are their hashes, keyed with
 * CONSIGN_KEY_PEPPER. Nothing of a credential stands in an error's text.
 */

struct config;
struct auth;

enum {
    AUTH_ID_SIZE = 24,        /* "ak_" and 20 of a-z0-9 */
    AUTH_SECRET_SIZE = 56,    /* "sk_" and 52 of a-z0-9: 268 random bits */
    AUTH_SESSION_SIZE = 56,   /* "vs_" and as many */
    AUTH_HASH_SIZE = 65,      /* 32 bytes as hex */
    AUTH_RECORD_ID_SIZE = 65, /* of an API key's id, a kid, the hash of a session */
    AUTH_TENANT_SIZE = 64,
    AUTH_NAME_SIZE = 256, /* issuer and audience of tokens */
    AUTH_MATERIAL_SIZE = 2048,
};

/* ---- permissions ---- */

enum auth_permission {
    AUTH_CUSTOMERS = 1 << 0,
    AUTH_IMPORT = 1 << 1,
    AUTH_BULK_IMPORT = 1 << 2, /* "B2BBulkImport" */
    AUTH_ADMIN = 1 << 3,
};

/* The permission of this name; 0 when there is none. */
unsigned auth_permission_parse(struct str name);

/* The name of one permission, AUTH_CUSTOMERS to AUTH_ADMIN; static storage. */
const char *auth_permission_name(unsigned permission);

/* Reads "customers,import". ERR_INVALID names the word that is no permission. */
bool auth_permissions_parse(const char *text, unsigned *out, struct err *err) MUST_USE;

/* ---- what is stored ---- */

struct auth_key {
    char tenant[AUTH_TENANT_SIZE];
    unsigned permissions; /* set of enum auth_permission */
    char secret_hash[AUTH_HASH_SIZE];
};

/* Stored under the hash of its token. */
struct auth_session {
    char tenant[AUTH_TENANT_SIZE];
    unsigned permissions;
    int64_t expires_at_ms;
};

enum auth_algorithm { AUTH_HS256 = 1, AUTH_RS256 };

/* Checks bearer tokens of one issuer for one tenant. The algorithm is the key's, not the token's.
 */
struct auth_jwt_key {
    char tenant[AUTH_TENANT_SIZE];
    unsigned permissions; /* the most that a token can give */
    enum auth_algorithm algorithm;
    char issuer[AUTH_NAME_SIZE];
    char audience[AUTH_NAME_SIZE];
    size_t material_size;
    unsigned char material[AUTH_MATERIAL_SIZE]; /* HS256: the sealed secret; RS256: a PEM */
};

/* Fetches what is stored under an id. ERR_NOT_FOUND when it is unknown or revoked, ERR_UNAVAILABLE
 * when that cannot be known now. Called from any thread that checks a credential. */
struct auth_loader {
    void *ctx;
    bool (*key)(void *ctx, const char *key_id, struct auth_key *out, struct err *err);
    bool (*session)(void *ctx, const char *token_hash, struct auth_session *out, struct err *err);
    bool (*jwt_key)(void *ctx, const char *kid, struct auth_jwt_key *out, struct err *err);
};

/* ---- checking ---- */

/* ERR_INVALID when CONSIGN_KEY_PEPPER is shorter than 32 characters. `ctx` is borrowed. */
bool auth_open(const struct config *config, const struct auth_loader *loader, struct auth **out,
               struct err *err) MUST_USE;
void auth_close(struct auth *auth); /* NULL is allowed */
DEFINE_AUTO(auth, struct auth, auth_close)

/* What a request may carry, as it was sent; {NULL, 0} for what is absent. */
struct auth_request {
    struct str method;        /* x-auth-method: "api-key", "bearer" or "session" */
    struct str key_id;        /* x-api-key-id */
    struct str secret;        /* x-api-secret */
    struct str app_key;       /* x-vtex-api-appkey: VTEX's name of x-api-key-id */
    struct str app_token;     /* x-vtex-api-apptoken, of x-api-secret */
    struct str authorization; /* "Bearer ..." */
    struct str session;       /* the cookie vinc_b2b_session, or VtexIdclientAutCookie */
};

/* Who a good credential stands for. */
struct auth_principal {
    char tenant[AUTH_TENANT_SIZE];
    unsigned permissions;
};

/*
 * Checks the one credential that counts: the one that `method` names, else a bearer token, else an
 * API key under its VTEX names, else a session. When `method` names the API key, its own names
 * count before VTEX's. A wrong one is never made good by another beside it.
 *
 * ERR_INVALID for a credential that is missing, unknown, revoked, expired or wrong; the text says
 * why, for the log: whoever asks should not learn it. ERR_UNAVAILABLE when the loader could not
 * say, ERR_INTERNAL when what is stored is damaged. What was loaded for a "yes" may be as old as
 * CONSIGN_CREDENTIAL_CACHE_MS, for a "no" as old as five seconds; the clock is asked every time.
 * Safe from several threads.
 */
bool auth_check(struct auth *auth, const struct auth_request *request, struct auth_principal *out,
                struct err *err) MUST_USE;

/* ---- making ---- */

void auth_generate(char key_id[AUTH_ID_SIZE], char secret[AUTH_SECRET_SIZE]);
void auth_generate_session(char token[AUTH_SESSION_SIZE]);

/* The hash under which a secret, or a session, is stored. ERR_INVALID when the pepper is too short.
 */
bool auth_hash_secret(const struct config *config, struct str secret, char out[AUTH_HASH_SIZE],
                      struct err *err) MUST_USE;
bool auth_hash_session(const struct config *config, struct str token, char out[AUTH_HASH_SIZE],
                       struct err *err) MUST_USE;

/* Makes it a key of HS256, the secret sealed with the pepper. ERR_INVALID unless it has 32 to 256
 * bytes. */
bool auth_set_secret(const struct config *config, struct str secret, struct auth_jwt_key *key,
                     struct err *err) MUST_USE;

/* Makes it a key of RS256. ERR_INVALID unless `pem` is an RSA public key of 2048 to 8192 bits. */
bool auth_set_public_key(struct str pem, struct auth_jwt_key *key, struct err *err) MUST_USE;

/* ---- links that need no credential ---- */

/* The signature of a text as hex: HMAC-SHA256 with a key derived from the pepper. ERR_INVALID when
 * the pepper is too short. */
bool auth_sign_link(const struct config *config, struct str text, char out[AUTH_HASH_SIZE],
                    struct err *err) MUST_USE;

/* Whether `signature` is what auth_sign_link gives for the text, in constant time. ERR_INVALID when
 * it is not. */
bool auth_check_link(const struct config *config, struct str text, struct str signature,
                     struct err *err) MUST_USE;

/* Overwrites a text that held a secret, in a way the compiler keeps. */
void auth_wipe(void *p, size_t n);
