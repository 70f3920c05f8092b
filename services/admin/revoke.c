#include "command.h"

#include "store/jwt_keys.h"
#include "store/keys.h"
#include "store/sessions.h"

struct credential {
    const char *id;
    bool (*revoke)(struct store_session *session, const char *id, struct err *err);
};

static bool revoke_credential(struct store_session *session, void *ctx, struct err *err)
{
    const struct credential *credential = ctx;

    return credential->revoke(session, credential->id, err);
}

/* What kind of credential it is, its `revoke` says. */
static enum status run_revoke(const struct config *config, const struct command *command, int argc,
                              char **argv, struct credential credential)
{
    static const struct option_spec none[] = {{0}};
    struct err err;

    if (!command_read_options(command, argc, argv, none, &credential.id)) {
        return STATUS_USAGE;
    }
    return command_use_database(config, revoke_credential, &credential, &err)
               ? STATUS_OK
               : command_failed(command, &err);
}

enum status run_key_revoke(const struct config *config, const struct command *command, int argc,
                           char **argv)
{
    return run_revoke(config, command, argc, argv, (struct credential){.revoke = keys_revoke});
}

enum status run_session_revoke(const struct config *config, const struct command *command, int argc,
                               char **argv)
{
    return run_revoke(config, command, argc, argv, (struct credential){.revoke = sessions_remove});
}

enum status run_jwt_key_revoke(const struct config *config, const struct command *command, int argc,
                               char **argv)
{
    return run_revoke(config, command, argc, argv, (struct credential){.revoke = jwt_keys_revoke});
}
