#include "domain/snapshots.h"

#include "base/id.h"
#include "domain/document.h"
#include "domain/entity.h"

static char *snapshot_key(struct arena *arena, const struct entity *entity, const char *id)
{
    return ID_JOIN(arena, entity->name, id);
}

void snapshots_want(struct snapshots *snapshots, const struct entity *entity, const char *id)
{
    struct arena *arena = snapshots->arena;
    const char *key = snapshot_key(arena, entity, id);

    if (!snapshots->wanted) {
        snapshots->wanted = strmap_new(arena);
    }
    if (!strmap_get(snapshots->wanted, key)) {
        struct snapshot snapshot = {entity, id, NULL};

        strmap_put(snapshots->wanted, key, arena_memdup(arena, &snapshot, sizeof(snapshot)));
    }
}

void snapshots_know(struct snapshots *snapshots, const struct entity *entity,
                    const bson_t *document)
{
    const char *id = document_text(document, entity->code_field);
    struct snapshot *snapshot =
        id && snapshots->wanted
            ? strmap_get(snapshots->wanted, snapshot_key(snapshots->arena, entity, id))
            : NULL;

    if (snapshot) {
        snapshot->content = entity_content(snapshots->arena, document, entity->is_system);
    }
}

const bson_t *snapshots_get(const struct snapshots *snapshots, const struct entity *entity,
                            const char *id)
{
    if (!snapshots || !snapshots->wanted) {
        return NULL;
    }
    const struct snapshot *snapshot =
        strmap_get(snapshots->wanted, snapshot_key(snapshots->arena, entity, id));

    return snapshot ? snapshot->content : NULL;
}
