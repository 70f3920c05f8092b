#include "base/strmap.h"

#include <stdint.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

struct entry {
    const char *key;
    void *value;
    uint64_t hash;
};

struct strmap {
    struct arena *arena;
    struct entry *entries; /* in order of arrival */
    uint32_t *slots;       /* index + 1 into entries; 0 is free */
    size_t count;
    size_t slot_count; /* a power of two, at least twice the capacity of entries */
};

static uint64_t hash_text(const char *key)
{
    uint64_t hash = 1469598103934665603u;

    for (; *key; key++) {
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    }
    return hash;
}

static void allocate(struct strmap *map, size_t slot_count)
{
    struct entry *old = map->entries;

    map->slot_count = slot_count;
    map->slots = arena_calloc(map->arena, slot_count, sizeof(*map->slots));
    map->entries = arena_calloc(map->arena, slot_count / 2, sizeof(*map->entries));
    if (map->count) {
        memcpy(map->entries, old, map->count * sizeof(*old));
    }
}

struct strmap *strmap_new(struct arena *arena)
{
    struct strmap *map = arena_calloc(arena, 1, sizeof(*map));

    map->arena = arena;
    allocate(map, FIRST_SLOTS);
    return map;
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t *find_slot(const struct strmap *map, const char *key, uint64_t hash)
{
    size_t mask = map->slot_count - 1;

    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &map->slots[i];

        if (*slot == 0 || (map->entries[*slot - 1].hash == hash &&
                           strcmp(map->entries[*slot - 1].key, key) == 0)) {
            return slot;
        }
    }
}

static void grow(struct strmap *map)
{
    allocate(map, map->slot_count * 2);
    for (size_t i = 0; i < map->count; i++) {
        *find_slot(map, map->entries[i].key, map->entries[i].hash) = (uint32_t)i + 1;
    }
}

void *strmap_get(const struct strmap *map, const char *key)
{
    uint32_t slot = *find_slot(map, key, hash_text(key));

    return slot ? map->entries[slot - 1].value : NULL;
}

void strmap_put(struct strmap *map, const char *key, void *value)
{
    uint64_t hash = hash_text(key);
    uint32_t *slot = find_slot(map, key, hash);

    if (*slot) {
        map->entries[*slot - 1].value = value;
        return;
    }
    if (map->count == map->slot_count / 2) {
        grow(map);
        slot = find_slot(map, key, hash);
    }
    map->entries[map->count] = (struct entry){key, value, hash};
    map->count++;
    *slot = (uint32_t)map->count;
}

void *strmap_at(const struct strmap *map, size_t index, const char **key)
{
    if (index >= map->count) {
        return NULL;
    }
    if (key) {
        *key = map->entries[index].key;
    }
    return map->entries[index].value;
}

size_t strmap_count(const struct strmap *map)
{
    return map->count;
}
