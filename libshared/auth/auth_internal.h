#pragma once

#include "auth/auth.h"
#include "auth/jws.h"
#include "auth/pepper.h"

/* What a stored record is, by kind of credential; all zero stands for one that is not there, and
 * admits nobody. */
union record {
    struct auth_key key;
    struct auth_session session;
    struct auth_jwt_key jwt_key;
};

/* What a request showed. */
struct credential {
    struct arena *arena;              /* lives as long as the check */
    char id[AUTH_RECORD_ID_SIZE];     /* under which its record is stored */
    char secret_hash[AUTH_HASH_SIZE]; /* of an API key */
    struct jws token;                 /* a bearer token */
};

/* The steps of a check, by kind of credential. `read` and `judge` set ERR_INVALID for what is not
 * right about it. */
struct kind {
    const char *method; /* its name in x-auth-method */
    size_t record_size;
    bool (*is_sent)(const struct auth_request *request); /* can be meant without x-auth-method */
    bool (*read)(const struct pepper *pepper, const struct auth_request *request,
                 struct credential *out, struct err *err);
    bool (*load)(const struct auth_loader *loader, const char *id, union record *out,
                 struct err *err);
    bool (*judge)(const struct pepper *pepper, const union record *record,
                  const struct credential *credential, struct auth_principal *out, struct err *err);
};

extern const struct kind kind_api_key;
extern const struct kind kind_bearer;
extern const struct kind kind_session;

static inline bool principal_set(struct auth_principal *out, const char *tenant,
                                 unsigned permissions)
{
    memcpy(out->tenant, tenant, sizeof(out->tenant));
    out->permissions = permissions;
    return true;
}
