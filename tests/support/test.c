#include "support/test.h"

#include "base/id.h"

#include <stdio.h>
#include <stdlib.h>

const char *test_env(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value && *value ? value : fallback;
}

const char *test_unique(void)
{
    static char text[16];

    if (!text[0]) {
        text[0] = 't';
        id_random_text(text + 1, 7);
    }
    return text;
}

uint64_t test_seed(void)
{
    const char *text = getenv("SEED");
    uint64_t seed;

    if (text && *text) {
        seed = strtoull(text, NULL, 10);
    } else {
        id_random(&seed, sizeof(seed));
    }
    printf("SEED=%llu\n", (unsigned long long)seed);
    return seed;
}
