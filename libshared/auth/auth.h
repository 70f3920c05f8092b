#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>

/*
 * API keys: who is asking, and what they may do. Knows neither HTTP nor the database: the caller
 * hands over the two texts of the request, a loader fetches the stored key. A secret exists only in
 * the request; stored and remembered is its hash, BLAKE2b keyed with CONSIGN_KEY_PEPPER.
 */

struct config;
struct auth;

enum {
    AUTH_ID_SIZE = 24,     /* "ak_" and 20 of a-z0-9 */
    AUTH_SECRET_SIZE = 56, /* "sk_" and 52 of a-z0-9: 268 random bits */
    AUTH_HASH_SIZE = 65,   /* 32 bytes as hex */
    AUTH_TENANT_SIZE = 64,
};

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

/* A key as it is stored. */
struct auth_key {
    char tenant[AUTH_TENANT_SIZE];
    unsigned permissions; /* set of enum auth_permission */
    char secret_hash[AUTH_HASH_SIZE];
};

/* Fetches a stored key. ERR_NOT_FOUND when it is unknown or revoked, ERR_UNAVAILABLE when that
 * cannot be known now. Called from any thread that checks a credential. */
typedef bool (*auth_load_fn)(void *ctx, const char *key_id, struct auth_key *out, struct err *err);

/* ERR_INVALID when CONSIGN_KEY_PEPPER is shorter than 32 characters. `ctx` is borrowed. */
bool auth_open(const struct config *config, auth_load_fn load, void *ctx, struct auth **out,
               struct err *err) MUST_USE;
void auth_close(struct auth *auth); /* NULL is allowed */
DEFINE_AUTO(auth, struct auth, auth_close)

/* Who a good credential stands for. */
struct auth_principal {
    char tenant[AUTH_TENANT_SIZE];
    unsigned permissions;
};

/*
 * ERR_INVALID for a credential that is missing, unknown, revoked or wrong: one answer, one cost,
 * nothing to tell them apart by. ERR_UNAVAILABLE when the loader could not say. A "yes" may be as
 * old as CONSIGN_CREDENTIAL_CACHE_MS, a "no" as old as five seconds. Safe from several threads.
 */
bool auth_check_api_key(struct auth *auth, struct str key_id, struct str secret,
                        struct auth_principal *out, struct err *err) MUST_USE;

static inline bool auth_may(const struct auth_principal *principal, enum auth_permission permission)
{
    return (principal->permissions & permission) != 0;
}

/* ---- making keys ---- */

void auth_generate(char key_id[AUTH_ID_SIZE], char secret[AUTH_SECRET_SIZE]);

/* The hash under which a secret is stored. ERR_INVALID when the pepper is too short. */
bool auth_hash_secret(const struct config *config, struct str secret, char out[AUTH_HASH_SIZE],
                      struct err *err) MUST_USE;

/* Overwrites a text that held a secret, in a way the compiler keeps. */
void auth_wipe(void *p, size_t n);
