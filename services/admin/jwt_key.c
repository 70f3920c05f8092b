#include "command.h"

#include "auth/auth.h"
#include "base/buf.h"
#include "store/jwt_keys.h"

#include <stdlib.h>
#include <string.h>

struct jwt_key {
    const char *kid;
    const char *tenant;
    const char *algorithm;
    const char *issuer;
    const char *audience;
    const char *permissions;
    struct auth_jwt_key stored;
};

static bool put_key(struct store_session *session, void *ctx, struct err *err)
{
    const struct jwt_key *key = ctx;

    return command_find_tenant(session, key->tenant, err) &&
           jwt_keys_put(session, key->kid, &key->stored, err);
}

static bool read_secret(const struct config *config, struct auth_jwt_key *out, struct err *err)
{
    char *secret = getenv("CONSIGN_JWT_SECRET");

    if (!secret) {
        return err_set(err, ERR_INVALID, "the secret must stand in CONSIGN_JWT_SECRET");
    }
    bool ok = auth_set_secret(config, str_from(secret), out, err);

    auth_wipe(secret, strlen(secret));
    return ok;
}

static bool read_public_key(struct auth_jwt_key *out, struct err *err)
{
    AUTO(buf) struct buf pem = {0};

    return command_read_input(&pem, AUTH_MATERIAL_SIZE, err) &&
           auth_set_public_key((struct str){pem.data, pem.len}, out, err);
}

static bool read_material(const struct config *config, struct jwt_key *key, struct err *err)
{
    if (strcmp(key->algorithm, "HS256") == 0) {
        return read_secret(config, &key->stored, err);
    }
    if (strcmp(key->algorithm, "RS256") == 0) {
        return read_public_key(&key->stored, err);
    }
    return err_set(err, ERR_INVALID, "--algorithm takes HS256 or RS256");
}

/* Fills what is stored from the arguments and the secret or the public key. */
static bool prepare_key(const struct config *config, struct jwt_key *key, struct err *err)
{
    struct auth_jwt_key *stored = &key->stored;
    char kid[AUTH_RECORD_ID_SIZE];

    return command_copy_text("the key's id", key->kid, kid, sizeof(kid), err) &&
           command_copy_text("--tenant", key->tenant, stored->tenant, sizeof(stored->tenant),
                             err) &&
           command_copy_text("--issuer", key->issuer, stored->issuer, sizeof(stored->issuer),
                             err) &&
           command_copy_text("--audience", key->audience, stored->audience,
                             sizeof(stored->audience), err) &&
           auth_permissions_parse(key->permissions, &stored->permissions, err) &&
           read_material(config, key, err);
}

enum status run_jwt_key_put(const struct config *config, const struct command *command, int argc,
                            char **argv)
{
    struct jwt_key key = {0};
    const struct option_spec specs[] = {
        {.name = "tenant", .text = &key.tenant, .is_required = true},
        {.name = "algorithm", .text = &key.algorithm, .is_required = true},
        {.name = "issuer", .text = &key.issuer, .is_required = true},
        {.name = "audience", .text = &key.audience, .is_required = true},
        {.name = "permissions", .text = &key.permissions, .is_required = true},
        {0},
    };
    struct err err;

    if (!command_read_options(command, argc, argv, specs, &key.kid)) {
        return STATUS_USAGE;
    }
    return prepare_key(config, &key, &err) && command_use_database(config, put_key, &key, &err)
               ? STATUS_OK
               : command_failed(command, &err);
}
