#pragma once

#include "base/mem.h"

#include <bson/bson.h>
#include <stdint.h>

/* Random documents from a seed: the same seed gives the same documents. */
struct gen {
    uint64_t state;
};

struct gen gen_new(uint64_t seed);
uint64_t gen_below(struct gen *gen, uint64_t limit);

/* A document of at most `depth` levels, as a partner could send it: unique allowed keys, every JSON
 * type, awkward numbers and text. */
const bson_t *gen_document(struct gen *gen, struct arena *arena, int depth);

/* A product row with fields of the right types, each there or not. `code` is its entity_code. */
const bson_t *gen_product(struct gen *gen, struct arena *arena, const char *code);
