#include "runtime/backoff.h"

#include "base/id.h"
#include "config/config.h"
#include "runtime/runtime.h"

int64_t backoff_full_jitter_ms(int64_t min_ms, int64_t max_ms, unsigned attempt, uint64_t random)
{
    int64_t ceiling_ms = min_ms;

    for (unsigned i = 0; i <= attempt && ceiling_ms < max_ms; i++) {
        ceiling_ms = ceiling_ms > max_ms / 2 ? max_ms : ceiling_ms * 2;
    }
    if (ceiling_ms <= min_ms) {
        return min_ms;
    }
    return min_ms + (int64_t)(random % (uint64_t)(ceiling_ms - min_ms + 1));
}

int64_t runtime_backoff_ms(const struct config *config, unsigned attempt)
{
    uint64_t random;

    id_random(&random, sizeof(random));
    return backoff_full_jitter_ms(config->retry_min_ms, config->retry_max_ms, attempt, random);
}
