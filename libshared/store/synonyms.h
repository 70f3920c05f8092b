#pragma once

#include "base/str.h"
#include "domain/settings.h"
#include "store/store.h"

/* Collection `synonym_dictionaries` (docs/DATA.md), as a search needs it. Error kinds as in
 * store.h. */

enum { SYNONYMS_MAX_KEYS = 100 };

struct synonyms_query {
    const char *tenant;
    struct str text; /* what somebody searches for */
};

/* The keys of the tenant's dictionaries of which a term occurs in the text: at most
 * SYNONYMS_MAX_KEYS, in the arena, in no order. */
bool synonyms_find_keys(struct store_session *session, struct arena *arena,
                        const struct synonyms_query *query, struct text_list *out,
                        struct err *err) MUST_USE;
