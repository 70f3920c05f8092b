#include "auth/auth_internal.h"

#include "base/clock.h"

enum { TOKEN_MAX = 256 };

static bool is_sent(const struct auth_request *request)
{
    return request->session.p != NULL;
}

/* Found by its hash, so nothing secret is left to compare. */
static bool read_cookie(const struct pepper *pepper, const struct auth_request *request,
                        struct credential *out, struct err *err)
{
    if (request->session.n == 0 || request->session.n > TOKEN_MAX) {
        return err_set(err, ERR_INVALID, "the session is missing or too long");
    }
    pepper_hash(pepper, PEPPER_SESSION, request->session, out->id);
    return true;
}

static bool load(const struct auth_loader *loader, const char *id, union record *out,
                 struct err *err)
{
    return loader->session(loader->ctx, id, &out->session, err);
}

static bool judge(const struct pepper *pepper, const union record *record,
                  const struct credential *credential, struct auth_principal *out, struct err *err)
{
    const struct auth_session *session = &record->session;

    (void)pepper;
    (void)credential;
    if (clock_now_ms() >= session->expires_at_ms) {
        return err_set(err, ERR_INVALID, "the session is unknown or has expired");
    }
    return principal_set(out, session->tenant, session->permissions);
}

_Static_assert(AUTH_RECORD_ID_SIZE == AUTH_HASH_SIZE, "a hash is an id");

const struct kind kind_session = {
    .method = "session",
    .record_size = sizeof(struct auth_session),
    .is_sent = is_sent,
    .read = read_cookie,
    .load = load,
    .judge = judge,
};
