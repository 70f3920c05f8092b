#pragma once

#include "base/mem.h"

#include <stddef.h>
#include <stdint.h>

/*
 * How often each of some names was met, in the order they were first met. Bounded, whatever it is
 * fed with: the first 50 names of at most 100 bytes are counted, others are not.
 */
enum { TALLY_MAX_NAMES = 50, TALLY_MAX_NAME_BYTES = 100 };

struct tally_entry {
    const char *name;
    int64_t count;
};

/* Begins as {.arena = arena}. Without an arena it stays empty. */
struct name_tally {
    struct arena *arena;
    struct tally_entry *entries;
    size_t count;
};

/* Adds `n` to the count of a name, which is copied. */
void tally_add(struct name_tally *tally, const char *name, int64_t n);
