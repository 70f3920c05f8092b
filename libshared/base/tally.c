#include "base/tally.h"

#include <string.h>

void tally_add(struct name_tally *tally, const char *name, int64_t n)
{
    for (size_t i = 0; i < tally->count; i++) {
        if (strcmp(tally->entries[i].name, name) == 0) {
            tally->entries[i].count += n;
            return;
        }
    }
    if (!tally->arena || tally->count == TALLY_MAX_NAMES || strlen(name) > TALLY_MAX_NAME_BYTES) {
        return;
    }
    if (!tally->entries) {
        tally->entries = arena_calloc(tally->arena, TALLY_MAX_NAMES, sizeof(*tally->entries));
    }
    tally->entries[tally->count++] = (struct tally_entry){arena_strdup(tally->arena, name), n};
}
