#include "auth/auth_internal.h"

#include "auth/cache.h"
#include "base/clock.h"
#include "config/config.h"

enum { REFUSAL_MS = 5000 };

/* In the order of precedence among those that a request carries without naming one. */
static const struct kind *const kinds[] = {&kind_bearer, &kind_api_key, &kind_session};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct auth {
    struct pepper pepper;
    struct auth_loader loader;
    int64_t cache_ms;
    struct auth_cache *caches[KINDS];
};

bool auth_open(const struct config *config, const struct auth_loader *loader, struct auth **out,
               struct err *err)
{
    struct pepper pepper;

    if (!pepper_read(config, &pepper, err)) {
        return false;
    }
    struct auth *auth = mem_calloc(1, sizeof(*auth));

    auth->pepper = pepper;
    pepper_forget(&pepper);
    auth->loader = *loader;
    auth->cache_ms = config->credential_cache_ms;
    for (size_t i = 0; i < KINDS; i++) {
        auth->caches[i] = auth_cache_new(kinds[i]->record_size);
    }
    *out = auth;
    return true;
}

void auth_close(struct auth *auth)
{
    if (!auth) {
        return;
    }
    for (size_t i = 0; i < KINDS; i++) {
        auth_cache_free(auth->caches[i]);
    }
    pepper_forget(&auth->pepper);
    mem_free(auth);
}

/* The kind that counts; KINDS when there is none. */
static size_t choose_kind(const struct auth_request *request)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (request->method.p ? str_is(request->method, kinds[i]->method)
                              : kinds[i]->is_sent(request)) {
            return i;
        }
    }
    return KINDS;
}

/* What is unknown is remembered, and judged, like what is known. */
static bool load(struct auth *auth, size_t kind, const char *id, union record *out, struct err *err)
{
    *out = (union record){0};
    if (!kinds[kind]->load(&auth->loader, id, out, err)) {
        if (err->kind != ERR_NOT_FOUND) {
            return false;
        }
        *out = (union record){0};
    }
    auth_cache_put(auth->caches[kind], id, out, clock_monotonic_ms());
    return true;
}

static bool check(struct auth *auth, size_t kind, const struct credential *credential,
                  struct auth_principal *out, struct err *err)
{
    union record record;
    int64_t loaded_ms;

    if (auth_cache_get(auth->caches[kind], credential->id, &record, &loaded_ms)) {
        int64_t age_ms = clock_monotonic_ms() - loaded_ms;
        bool ok = kinds[kind]->judge(&auth->pepper, &record, credential, out, err);

        if (age_ms < (ok ? auth->cache_ms : REFUSAL_MS)) {
            return ok;
        }
    }
    return load(auth, kind, credential->id, &record, err) &&
           kinds[kind]->judge(&auth->pepper, &record, credential, out, err);
}

bool auth_check(struct auth *auth, const struct auth_request *request, struct auth_principal *out,
                struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct credential credential = {.arena = arena};
    struct auth_principal principal;
    size_t kind = choose_kind(request);

    if (kind == KINDS) {
        return err_set(err, ERR_INVALID, "there is no credential");
    }
    if (!kinds[kind]->read(&auth->pepper, request, &credential, err) ||
        !check(auth, kind, &credential, &principal, err)) {
        return false;
    }
    *out = principal;
    return true;
}
