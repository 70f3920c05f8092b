#pragma once

#include "base/mem.h"

#include <bson/bson.h>

/* Partial mode: media of a type that the row (`patch`) brings replace those of that type, the
 * others stay. Media without a type are of one type of their own. Returns `merged`, which belongs
 * to the arena, with the media that follow from `current` and `patch`. */
const bson_t *media_merge(struct arena *arena, const bson_t *current, const bson_t *patch,
                          const bson_t *merged);
