#pragma once

#include <stdint.h>

/*
 * Full jitter: a delay drawn evenly from min_ms up to min_ms * 2^(attempt + 1), never above max_ms,
 * so that programs that failed together do not come back together. `random` is any 64 random bits.
 * Pure.
 */
int64_t backoff_full_jitter_ms(int64_t min_ms, int64_t max_ms, unsigned attempt, uint64_t random);
