#pragma once

#include "base/mem.h"
#include "base/strmap.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Public codes of one tenant's customers, as far as a run needs them: which are taken and by whom,
 * and the next number to give out. Pure; the write path loads it before and stores what changed
 * after.
 */
struct claim {
    const char *public_code;
    const char *owner; /* external_code */
    bool is_new;
};

struct claims {
    struct arena *arena;
    struct strmap *taken; /* public_code -> struct claim */
    int64_t next_number;
    bool counter_changed;
};

void claims_init(struct claims *claims, struct arena *arena, int64_t next_number);

/* Records a claim that is stored already. */
void claims_know(struct claims *claims, const char *public_code, const char *owner);

/* Takes the code for `owner`; false when it belongs to another. A code of the automatic form moves
 * the counter past it, so that it can never be given out. */
bool claims_take(struct claims *claims, const char *public_code, const char *owner);

/* Gives out the next "C000123" to `owner`. */
const char *claims_next(struct claims *claims, const char *owner);
