#pragma once

#include "base/mem.h"
#include "base/str.h"
#include "domain/settings.h"

#include <bson/bson.h>

/*
 * Synonym dictionaries widen a search: a dictionary holds terms, products name dictionaries by
 * their keys. Terms are found in a query by equality of texts that were made the same way
 * (`lookup`, docs/DATA.md), so a new dictionary works at once and nothing is indexed again.
 */

enum {
    SYNONYM_MAX_WORDS = 5,   /* of a term; longer ones are never found */
    SYNONYM_MAX_BYTES = 256, /* of a normalised term, likewise */
    SYNONYM_QUERY_WORDS = 32 /* of a query; those behind are not looked up */
};

/*
 * The words of a text in UTF-8, parted by single blanks. A word is letters and digits, in lower
 * case and for Latin letters without accents, as the index folds them too: "  Tubi,  PIÙ-lunghi"
 * becomes "tubi piu lunghi". Greek and Cyrillic only change their case, other scripts stay. Never
 * longer than the text.
 */
char *synonym_normalise(struct arena *arena, struct str text);

/*
 * Appends the system field `lookup` to `out`: one entry per text in the list `terms` of
 * `dictionary` that a query can hold, ID_JOIN(tenant, normalised term). Both may be the same
 * document.
 */
void synonym_append_lookup(struct arena *arena, const char *tenant, const bson_t *dictionary,
                           bson_t *out);

/* The entries of `lookup` that a query may meet: every run of 1 to SYNONYM_MAX_WORDS of its words.
 * None when the query is no UTF-8. */
struct text_list synonym_query_lookups(struct arena *arena, const char *tenant, struct str query);
