#pragma once

#include "base/mem.h"

#include <stddef.h>

/* A map from text to pointer, in an arena: grows, never shrinks, is freed with the arena. Keys are
 * borrowed. */
struct strmap;

struct strmap *strmap_new(struct arena *arena);
void *strmap_get(const struct strmap *map, const char *key);       /* NULL when absent */
void strmap_put(struct strmap *map, const char *key, void *value); /* replaces */

/* Walks all entries in the order they were first put: for (i = 0; (value = strmap_at(map, i,
 * &key)); i++). */
void *strmap_at(const struct strmap *map, size_t index, const char **key);
size_t strmap_count(const struct strmap *map);
