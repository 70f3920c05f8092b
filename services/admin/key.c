#include "command.h"

#include "auth/auth.h"
#include "store/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN = 32, SECRET_MAX = 256, ID_MAX = 64 };

struct key {
    const char *id;
    const char *tenant;
    const char *permissions;
    struct auth_key stored;
};

static bool put_key(struct store_session *session, void *ctx, struct err *err)
{
    const struct key *key = ctx;

    /* A key of a tenant that is not there would be let in and then find nothing. */
    return command_find_tenant(session, key->tenant, err) &&
           keys_put(session, key->id, &key->stored, err);
}

/* Fills what is stored from the arguments and the secret. */
static bool prepare_key(const struct config *config, struct key *key, const char *secret,
                        struct err *err)
{
    struct auth_key *stored = &key->stored;

    if (strncmp(key->id, "ak_", 3) != 0 || strlen(key->id) > ID_MAX) {
        return err_set(err, ERR_INVALID, "\"%s\": a key's id starts with ak_", key->id);
    }
    if (strlen(key->tenant) >= sizeof(stored->tenant)) {
        return err_set(err, ERR_INVALID, "there is no tenant %s", key->tenant);
    }
    snprintf(stored->tenant, sizeof(stored->tenant), "%s", key->tenant);
    return auth_permissions_parse(key->permissions, &stored->permissions, err) &&
           auth_hash_secret(config, str_from(secret), stored->secret_hash, err);
}

static bool save_key(const struct config *config, struct key *key, const char *secret,
                     struct err *err)
{
    return prepare_key(config, key, secret, err) && command_use_database(config, put_key, key, err);
}

enum status run_key_create(const struct config *config, const struct command *command, int argc,
                           char **argv)
{
    struct key key = {0};
    const struct option_spec specs[] = {
        {.name = "tenant", .text = &key.tenant, .is_required = true},
        {.name = "permissions", .text = &key.permissions, .is_required = true},
        {0},
    };
    char id[AUTH_ID_SIZE];
    char secret[AUTH_SECRET_SIZE];
    struct err err;

    if (!command_read_options(command, argc, argv, specs, NULL)) {
        return STATUS_USAGE;
    }
    auth_generate(id, secret);
    key.id = id;
    bool ok = save_key(config, &key, secret, &err);

    if (ok) {
        printf("CONSIGN_KEY_ID=%s\nCONSIGN_KEY_SECRET=%s\n", id, secret);
    }
    auth_wipe(secret, sizeof(secret));
    return ok ? STATUS_OK : command_failed(command, &err);
}

enum status run_key_put(const struct config *config, const struct command *command, int argc,
                        char **argv)
{
    struct key key = {0};
    const struct option_spec specs[] = {
        {.name = "tenant", .text = &key.tenant, .is_required = true},
        {.name = "permissions", .text = &key.permissions, .is_required = true},
        {0},
    };
    char *secret = getenv("CONSIGN_KEY_SECRET");
    struct err err;

    if (!command_read_options(command, argc, argv, specs, &key.id)) {
        return STATUS_USAGE;
    }
    if (!secret || strlen(secret) < SECRET_MIN || strlen(secret) > SECRET_MAX) {
        return command_misused(command, "CONSIGN_KEY_SECRET must hold %d to %d characters",
                               SECRET_MIN, SECRET_MAX);
    }
    bool ok = save_key(config, &key, secret, &err);

    auth_wipe(secret, strlen(secret));
    return ok ? STATUS_OK : command_failed(command, &err);
}
