#pragma once

#include "simulation/plan.h"

#include <bson/bson.h>

/*
 * The checker: knows what was sent and answered, and nothing of how it was done. Finds out whether
 * invariants I1 to I9 hold (docs/RELIABILITY.md); what does not hold it gives to world_violate.
 */

/* What must hold at every step: called by the store model after each committed write. */
void check_write(const char *collection, const char *id, const bson_t *before, const bson_t *after);

/* What must hold when all is done. */
void check_end(const struct plan *plan);
