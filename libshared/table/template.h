#pragma once

#include "base/mem.h"
#include "domain/field.h"

#include <stddef.h>

/*
 * The columns that a file may have, from the same table of fields that rows are checked against:
 * what a template offers. Lists of objects appear with their first element.
 */
struct template_column {
    const char *name;   /* as table/columns.h reads it */
    const char *wanted; /* "text", "number", "list, separated by |", "one of in_stock, ..." */
};

struct template_options {
    const struct field_table *fields;
    const struct text_list *languages; /* each multilingual field gets a column for each */
    const char *const *first;          /* names that come first, ends with NULL */
};

/* Texts belong to the arena. */
struct template_column *template_columns(struct arena *arena,
                                         const struct template_options *options, size_t *count);
