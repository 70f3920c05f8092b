#include "apply/planning.h"
#include "domain/document.h"
#include "domain/reference.h"

static const char PUBLIC_CODES[] = "public_codes";
static const char COUNTERS[] = "counters";

struct loading {
    struct arena *arena;
    struct changes *changes;
};

static bool on_current(void *ctx, const bson_t *document)
{
    const struct loading *loading = ctx;
    const char *id = document_text(document, "_id");
    struct slot *slot = id ? strmap_get(loading->changes->slots, id) : NULL;

    if (slot) {
        const uint8_t *bytes = bson_get_data(document);

        slot->stored = document_view(
            loading->arena, arena_memdup(loading->arena, bytes, document->len), document->len);
        slot->current = slot->stored;
    }
    return true;
}

static bool load_current(const struct planning *planning, struct store_session *session,
                         struct err *err)
{
    struct loading loading = {planning->apply->arena, planning->changes};
    size_t count = strmap_count(planning->changes->slots);
    const char **ids = arena_calloc(loading.arena, count, sizeof(*ids));

    for (size_t i = 0; i < count; i++) {
        (void)strmap_at(planning->changes->slots, i, &ids[i]);
    }
    return store_find_ids(session, planning->changes->entity->name, ids, count, on_current,
                          &loading, err);
}

static bool on_claim(void *ctx, const bson_t *document)
{
    const struct loading *loading = ctx;
    const char *code = document_text(document, "public_code");
    const char *owner = document_text(document, "external_code");

    if (code && owner) {
        claims_know(&loading->changes->claims, code, owner);
    }
    return true;
}

static bool load_counter(const struct planning *planning, struct store_session *session,
                         const char *tenant, struct err *err)
{
    AUTO(bson) bson_t *counter = NULL;
    const char *id = ID_JOIN(planning->apply->arena, tenant, "public_code");
    int64_t next = 1;

    if (store_get(session, COUNTERS, id, &counter, err)) {
        next = document_int64(counter, "next", 1);
    } else if (err->kind != ERR_NOT_FOUND) {
        return false;
    }
    claims_init(&planning->changes->claims, planning->apply->arena, next);
    return true;
}

static bool load_claims(const struct planning *planning, struct store_session *session,
                        const struct planned_row *rows, size_t count, struct err *err)
{
    struct loading loading = {planning->apply->arena, planning->changes};
    const char *tenant = planning->changes->tenant;
    const char **ids = arena_calloc(loading.arena, count, sizeof(*ids));
    size_t wanted = 0;

    if (!planning->changes->entity->has_claims) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].identified.claim) {
            ids[wanted++] = ID_JOIN(loading.arena, tenant, rows[i].identified.claim);
        }
    }
    return load_counter(planning, session, tenant, err) &&
           store_find_ids(session, PUBLIC_CODES, ids, wanted, on_claim, &loading, err);
}

struct snapshot_loading {
    struct snapshots *snapshots;
    const struct entity *entity;
};

static bool on_entity(void *ctx, const bson_t *document)
{
    const struct snapshot_loading *loading = ctx;

    snapshots_know(loading->snapshots, loading->entity, document);
    return true;
}

static bool load_kind(const struct planning *planning, struct store_session *session,
                      const struct entity *entity, struct err *err)
{
    struct arena *arena = planning->apply->arena;
    struct snapshot_loading loading = {&planning->changes->snapshots, entity};
    const struct strmap *wanted = loading.snapshots->wanted;
    const char **ids = arena_calloc(arena, strmap_count(wanted), sizeof(*ids));
    const struct snapshot *snapshot;
    size_t count = 0;

    for (size_t i = 0; (snapshot = strmap_at(wanted, i, NULL)); i++) {
        if (snapshot->entity == entity) {
            ids[count++] = ID_JOIN(arena, planning->changes->tenant, snapshot->id);
        }
    }
    return store_find_ids(session, entity->name, ids, count, on_entity, &loading, err);
}

static bool load_snapshots(const struct planning *planning, struct store_session *session,
                           struct err *err)
{
    const struct entity *entity;

    if (!planning->changes->snapshots.wanted) {
        return true;
    }
    for (size_t i = 0; (entity = reference_kind(i)); i++) {
        if (!load_kind(planning, session, entity, err)) {
            return false;
        }
    }
    return true;
}

bool planning_load(const struct planning *planning, struct store_session *session,
                   const struct planned_row *rows, size_t count, struct err *err)
{
    return load_current(planning, session, err) && load_snapshots(planning, session, err) &&
           load_claims(planning, session, rows, count, err);
}
