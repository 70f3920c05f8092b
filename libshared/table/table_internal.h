#pragma once

#include "table/columns.h"

#include "domain/field.h"

/* What columns_plan makes of a header and columns_write follows. */

enum node_kind {
    NODE_VALUE,
    NODE_OBJECT,
    NODE_LIST,   /* its children are numbered */
    NODE_REPEAT, /* a list of objects: one per line */
};

/* A field or a step towards fields. */
struct node {
    const char *key;
    enum node_kind kind;
    enum field_type type; /* NODE_VALUE */
    bool is_known;        /* `type` is that of a field in the table */
    size_t column;
    struct node *children;
    struct node *next;
};

struct columns {
    struct node root;
    bool repeats;
    bool has_code;
    size_t code_column;
};
