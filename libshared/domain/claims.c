#include "domain/claims.h"

#include <stdlib.h>
#include <string.h>

/* A number that still leaves room to count on. */
enum { MAX_AUTOMATIC_DIGITS = 15, MIN_AUTOMATIC_DIGITS = 6 };

void claims_init(struct claims *claims, struct arena *arena, int64_t next_number)
{
    *claims =
        (struct claims){.arena = arena, .taken = strmap_new(arena), .next_number = next_number};
}

static void put(struct claims *claims, const char *public_code, const char *owner, bool is_new)
{
    struct claim *claim = arena_alloc(claims->arena, sizeof(*claim));

    *claim = (struct claim){arena_strdup(claims->arena, public_code),
                            arena_strdup(claims->arena, owner), is_new};
    strmap_put(claims->taken, claim->public_code, claim);
}

void claims_know(struct claims *claims, const char *public_code, const char *owner)
{
    put(claims, public_code, owner, false);
}

/* The number in a code of the automatic form, or 0. */
static int64_t automatic_number(const char *code)
{
    size_t digits = code[0] == 'C' ? strspn(code + 1, "0123456789") : 0;

    if (digits < MIN_AUTOMATIC_DIGITS || digits > MAX_AUTOMATIC_DIGITS || code[1 + digits]) {
        return 0;
    }
    return strtoll(code + 1, NULL, 10);
}

bool claims_take(struct claims *claims, const char *public_code, const char *owner)
{
    const struct claim *claim = strmap_get(claims->taken, public_code);
    int64_t number = automatic_number(public_code);

    if (claim) {
        return strcmp(claim->owner, owner) == 0;
    }
    put(claims, public_code, owner, true);
    if (number >= claims->next_number) {
        claims->next_number = number + 1;
        claims->counter_changed = true;
    }
    return true;
}

const char *claims_next(struct claims *claims, const char *owner)
{
    const char *code = arena_printf(claims->arena, "C%06lld", (long long)claims->next_number);

    claims->next_number++;
    claims->counter_changed = true;
    put(claims, code, owner, true);
    return code;
}
