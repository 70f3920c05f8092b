#pragma once

#include "simulation/world.h"

/* Runs the world of a seed and checks it. NULL when all invariants hold, else what does not; valid
 * until the next call. */
const char *simulate(uint64_t seed, enum mutation mutation, bool trace);
