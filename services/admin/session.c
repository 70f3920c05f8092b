#include "command.h"

#include "auth/auth.h"
#include "base/clock.h"
#include "store/sessions.h"

#include <stdio.h>
#include <string.h>

enum { TTL_MIN_S = 1, TTL_MAX_S = 30 * 24 * 60 * 60, USER_MAX = 256 };

static const char TTL_FALLBACK[] = "28800"; /* a working day */

struct session {
    char id[AUTH_HASH_SIZE];
    const char *tenant;
    const char *permissions;
    const char *user;
    const char *ttl;
    struct auth_session stored;
};

static bool insert_session(struct store_session *database, void *ctx, struct err *err)
{
    const struct session *session = ctx;

    return command_find_tenant(database, session->tenant, err) &&
           sessions_insert(database, session->id, session->user, &session->stored, err);
}

/* Fills what is stored from the arguments and the token. */
static bool prepare_session(const struct config *config, struct session *session, const char *token,
                            struct err *err)
{
    struct auth_session *stored = &session->stored;
    int64_t ttl_s;

    if (!command_read_number(session->ttl, TTL_MIN_S, TTL_MAX_S, &ttl_s)) {
        return err_set(err, ERR_INVALID, "--ttl takes %d to %d seconds", TTL_MIN_S, TTL_MAX_S);
    }
    if (strlen(session->user) > USER_MAX) {
        return err_set(err, ERR_INVALID, "--user takes at most %d bytes", USER_MAX);
    }
    stored->expires_at_ms = clock_now_ms() + ttl_s * 1000;
    return command_copy_text("--tenant", session->tenant, stored->tenant, sizeof(stored->tenant),
                             err) &&
           auth_permissions_parse(session->permissions, &stored->permissions, err) &&
           auth_hash_session(config, str_from(token), session->id, err);
}

enum status run_session_create(const struct config *config, const struct command *command, int argc,
                               char **argv)
{
    struct session session = {.user = "", .ttl = TTL_FALLBACK};
    const struct option_spec specs[] = {
        {.name = "tenant", .text = &session.tenant, .is_required = true},
        {.name = "permissions", .text = &session.permissions, .is_required = true},
        {.name = "user", .text = &session.user},
        {.name = "ttl", .text = &session.ttl},
        {0},
    };
    char token[AUTH_SESSION_SIZE];
    struct err err;

    if (!command_read_options(command, argc, argv, specs, NULL)) {
        return STATUS_USAGE;
    }
    auth_generate_session(token);
    bool ok = prepare_session(config, &session, token, &err) &&
              command_use_database(config, insert_session, &session, &err);

    if (ok) {
        printf("CONSIGN_SESSION_ID=%s\nCONSIGN_SESSION=%s\n", session.id, token);
    }
    auth_wipe(token, sizeof(token));
    return ok ? STATUS_OK : command_failed(command, &err);
}
