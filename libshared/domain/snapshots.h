#pragma once

#include "base/mem.h"
#include "base/strmap.h"

#include <bson/bson.h>

/*
 * The current content of entities that products refer to, of one tenant, as far as a run needs it:
 * first it is said which are wanted, then the write path loads them. Pure.
 */

struct entity;

struct snapshot {
    const struct entity *entity;
    const char *id;
    const bson_t *content; /* NULL: the tenant has no such entity */
};

/* All zero but the arena to start with. */
struct snapshots {
    struct arena *arena;
    struct strmap *wanted; /* entity|id -> struct snapshot; NULL while nothing is wanted */
};

/* Unknown until it is loaded. `id` is borrowed. */
void snapshots_want(struct snapshots *snapshots, const struct entity *entity, const char *id);

/* Takes the content of a stored document of a wanted entity; copies it. */
void snapshots_know(struct snapshots *snapshots, const struct entity *entity,
                    const bson_t *document);

/* NULL when it is unknown or nobody wanted it. `snapshots` may be NULL. */
const bson_t *snapshots_get(const struct snapshots *snapshots, const struct entity *entity,
                            const char *id);
