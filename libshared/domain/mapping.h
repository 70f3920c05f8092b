#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "domain/finding.h"

#include <bson/bson.h>
#include <stddef.h>

/* A source's field_mappings: how a partner's own field names become ours. */

enum transform {
    TRANSFORM_NONE,
    TRANSFORM_TRIM,
    TRANSFORM_UPPER,
    TRANSFORM_LOWER,
    TRANSFORM_NUMBER, /* also "1.234,56" */
    TRANSFORM_BOOLEAN,
    TRANSFORM_SPLIT,
};

struct field_mapping {
    const char *source_field;
    const char *target_field; /* dotted targets nest */
    enum transform transform;
    const char *separator; /* TRANSFORM_SPLIT */
};

/* Reads either form: [{source_field, target_field, transform}] or {"source": "target"}. ERR_INVALID
 * names the entry. */
bool mapping_read(struct arena *arena, const bson_iter_t *value, struct field_mapping **out,
                  size_t *count, struct err *err) MUST_USE;

/* The row under its new names; unmapped fields keep their own, objects that meet are merged. A
 * value that a transform cannot read is a finding and left out. Returns the row itself when there
 * is nothing to map. */
const bson_t *mapping_apply(struct arena *arena, const struct field_mapping *mappings, size_t count,
                            const bson_t *row, struct findings *findings);

/* What people write for true and false, in several languages; false when the text is neither. */
bool mapping_read_boolean(const char *text, bool *out);

/* Appends the parts of `text` between the separators, trimmed, as a list of texts. */
void mapping_append_split(bson_t *out, const char *name, const char *text, const char *separator);

/* Lets findings in the mapped row point into the row as it came. To be called once per row. */
void mapping_restore_paths(const struct field_mapping *mappings, size_t count, const bson_t *row,
                           struct findings *findings);
