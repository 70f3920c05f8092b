#pragma once

#include "base/tally.h"
#include "domain/finding.h"
#include "domain/settings.h"

#include <bson/bson.h>

/*
 * What is known of the fields of an entity, as tables: names, types, nesting. One walker checks a
 * row against them and brings values into the stored form (multilingual wrap). Unknown fields are
 * kept as they came; null is allowed everywhere.
 */

enum field_type {
    FIELD_TEXT,
    FIELD_NUMBER,
    FIELD_PERCENT, /* number from 0 to 100 */
    FIELD_BOOLEAN,
    FIELD_DATE,         /* ISO 8601 text */
    FIELD_MULTILINGUAL, /* text, or an object by language; stored by language */
    FIELD_LABEL,        /* as above, but a plain text stays one (snapshots of other entities) */
    FIELD_TITLE,        /* FIELD_LABEL in a snapshot, stored by language in the entity itself */
    FIELD_OBJECT,       /* `fields` inside */
    FIELD_REFERENCE,    /* the id of another entity, or its snapshot with `fields` inside */
    FIELD_TEXTS,        /* list of texts */
    FIELD_OBJECTS,      /* list of objects with `fields` inside */
    FIELD_REFERENCES,   /* list of FIELD_REFERENCE */
    FIELD_BY_LANGUAGE,  /* object: language -> list of objects with `fields`, or of texts without */
};

struct field {
    const char *name;
    enum field_type type;
    const struct field_table *fields; /* NULL: anything inside (FIELD_BY_LANGUAGE: texts) */
    const char *const *values; /* FIELD_TEXT: the allowed values, ends with NULL; NULL: any */
};

/* Sorted by name, so that a lookup is a binary search. */
struct field_table {
    const struct field *fields;
    size_t count;
};

/* The table of a list that is an array. */
#define FIELD_TABLE(list)                                                                          \
    {                                                                                              \
        list, sizeof(list) / sizeof((list)[0])                                                     \
    }

const struct field *field_find(const struct field_table *table, const char *name);

/* Appends the members of `object` to `out` in stored form and reports what is wrong, with paths
 * that start with `path`. `skip` and `code_field` (may be NULL) name outer members that are left
 * out, `unknown` (may be NULL) counts those that are not in the table. */
struct field_walk {
    const struct import_settings *settings;
    struct findings *findings;
    bool (*skip)(const char *key);
    const char *code_field;
    struct name_tally *unknown;
};
void field_copy_members(const struct field_walk *walk, const struct field_table *table,
                        const bson_t *object, bson_t *out);
