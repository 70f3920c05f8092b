#pragma once

#include "base/tally.h"
#include "domain/field.h"

#include <bson/bson.h>

/* Fields of rows that are in no table. They are kept as they came; partners are told of them,
 * because many are misspelt. */

/*
 * The known name that `name` was probably meant to be; NULL for none. It differs, but for upper and
 * lower case, in at most two letters (one added, left out, replaced, or swapped with its
 * neighbour), and in fewer than half of them: "nmae" means "name", "note" does not.
 */
const char *unknown_meant(const struct field_table *table, const char *name);

/* A tally as stored documents hold it: [{field, count}]. */
void unknown_append(bson_t *out, const char *key, const struct name_tally *tally);

/* Adds what is stored at a path to the tally; nothing when there is none. */
void unknown_add_stored(struct name_tally *tally, const bson_t *document, const char *path);
