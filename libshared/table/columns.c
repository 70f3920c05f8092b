#include "table/table_internal.h"

#include "domain/field.h"
#include "domain/mapping.h"
#include "domain/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 256, MAX_STEPS = 16 };

const char *const error_columns[ERROR_COLUMNS] = {"error_code", "error", "error_path"};

struct planning {
    struct arena *arena;
    const struct sheet_row *header;
    const struct columns_options *options;
    struct columns *columns;
    struct sheet_fault *fault;
};

static const char *name_of(const struct planning *planning, size_t column)
{
    struct str text = planning->header->cells[column].text;

    return arena_strndup(planning->arena, text.p, text.n);
}

static bool refuse(const struct planning *planning, size_t column, const char *code,
                   const char *why)
{
    struct sheet_fault *fault = planning->fault;

    *fault = (struct sheet_fault){.line = planning->header->line, .column = column + 1};
    snprintf(fault->code, sizeof(fault->code), "%s", code);
    snprintf(fault->message, sizeof(fault->message), "Column %zu, \"%.80s\", %s.", column + 1,
             name_of(planning, column), why);
    snprintf(fault->hint, sizeof(fault->hint), "Name each column after the field it fills.");
    return false;
}

static struct node *child_of(const struct node *parent, const char *key)
{
    struct node *child = parent->children;

    while (child && strcmp(child->key, key) != 0) {
        child = child->next;
    }
    return child;
}

static bool is_index(const char *step)
{
    return strlen(step) <= 4 && strspn(step, "0123456789") == strlen(step);
}

/* Columns come in any order; items of a list are kept by their index. */
static bool comes_before(const struct node *parent, const struct node *child, const char *key)
{
    return parent->kind != NODE_LIST || strtoul(child->key, NULL, 10) <= strtoul(key, NULL, 10);
}

static struct node *add_child(struct arena *arena, struct node *parent, const char *key)
{
    struct node *child = arena_calloc(arena, 1, sizeof(*child));
    struct node **link = &parent->children;

    while (*link && comes_before(parent, *link, key)) {
        link = &(*link)->next;
    }
    *child = (struct node){.key = key, .next = *link};
    *link = child;
    return child;
}

/* Where the walk along a name stands in the tables of fields. */
struct position {
    const struct field_table *table; /* of the members that may come next; NULL: anything */
    const struct field *field;       /* the step just taken; NULL: unknown */
    bool in_list;                    /* the step just taken was an index */
};

static struct position take_step(struct position from, const char *step)
{
    static const struct field texts = {"", FIELD_TEXTS, NULL, NULL};
    static const struct field objects = {"", FIELD_OBJECTS, NULL, NULL};
    const struct field *field = from.field;

    if (field && !from.in_list && is_index(step)) {
        return (struct position){from.table, field, true};
    }
    if (field && field->type == FIELD_BY_LANGUAGE) {
        return (struct position){field->fields, field->fields ? &objects : &texts, false};
    }
    if (field && (field->type == FIELD_MULTILINGUAL || field->type == FIELD_LABEL ||
                  field->type == FIELD_TITLE)) {
        return (struct position){NULL, field, true};
    }
    field = from.table ? field_find(from.table, step) : NULL;
    return (struct position){field ? field->fields : NULL, field, false};
}

/* The type of a value that stands at the end of a name. */
static enum field_type type_at(struct position position)
{
    if (!position.field) {
        return FIELD_TEXT;
    }
    switch (position.field->type) {
    case FIELD_REFERENCES:
    case FIELD_TEXTS:
        return position.in_list ? FIELD_TEXT : FIELD_TEXTS;
    default:
        return position.field->type;
    }
}

/* What a node becomes when `step` is taken inside it. */
static enum node_kind kind_for(struct position at, const char *step)
{
    if (is_index(step) && !at.in_list) {
        return NODE_LIST;
    }
    bool is_list = at.field && !at.in_list &&
                   (at.field->type == FIELD_OBJECTS || at.field->type == FIELD_REFERENCES);

    return is_list ? NODE_REPEAT : NODE_OBJECT;
}

static bool is_step(const char *step)
{
    return *step && *step != '$' && strcmp(step, "__proto__") != 0;
}

/* Cuts a copy of `name` at its dots. */
static bool split_name(char *name, char **steps, size_t *count)
{
    *count = 0;
    for (char *at = name; at; *count += 1) {
        if (*count == MAX_STEPS) {
            return false;
        }
        steps[*count] = strsep(&at, ".");
        if (!is_step(steps[*count])) {
            return false;
        }
    }
    return true;
}

static struct node *place_value(const struct planning *planning, char **steps, size_t count,
                                struct position *position)
{
    struct node *node = &planning->columns->root;

    for (size_t i = 0; i < count; i++) {
        enum node_kind kind = i == 0 ? NODE_OBJECT : kind_for(*position, steps[i]);
        struct node *child;

        if (node->children && node->kind != kind) {
            return NULL;
        }
        node->kind = kind;
        planning->columns->repeats |= kind == NODE_REPEAT;
        child = child_of(node, steps[i]);
        if (child && (i + 1 == count || child->kind == NODE_VALUE)) {
            return NULL;
        }
        node = child ? child : add_child(planning->arena, node, steps[i]);
        if (!child) {
            node->kind = i + 1 == count ? NODE_VALUE : NODE_OBJECT;
        }
        *position = take_step(*position, steps[i]);
    }
    return node;
}

static const struct field_mapping *mapping_of(const struct planning *planning, const char *name)
{
    const struct import_settings *settings = planning->options->settings;

    for (size_t i = 0; i < settings->mapping_count; i++) {
        if (strcmp(settings->mappings[i].source_field, name) == 0) {
            return &settings->mappings[i];
        }
    }
    return NULL;
}

/* The type of the field that a mapped column ends up in. A transform reads the text itself. */
static void type_mapped(const struct planning *planning, const struct field_mapping *mapping,
                        struct node *node)
{
    struct position position = {planning->options->entity->fields, NULL, false};
    char *steps[MAX_STEPS];
    size_t count;

    if (mapping->transform != TRANSFORM_NONE ||
        !split_name(arena_strdup(planning->arena, mapping->target_field), steps, &count)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        position = take_step(position, steps[i]);
    }
    node->is_known = position.field;
    node->type = type_at(position);
}

static bool place_mapped(const struct planning *planning, size_t column, const char *name,
                         const struct field_mapping *mapping)
{
    struct node *root = &planning->columns->root;

    if (child_of(root, name)) {
        return refuse(planning, column, "COLUMN_REPEATED", "stands in the header twice");
    }
    struct node *node = add_child(planning->arena, root, name);

    node->kind = NODE_VALUE;
    node->type = FIELD_TEXT;
    node->is_known = true;
    node->column = column;
    type_mapped(planning, mapping, node);
    return true;
}

static bool place_named(const struct planning *planning, size_t column, const char *name)
{
    struct position position = {planning->options->entity->fields, NULL, false};
    char *steps[MAX_STEPS];
    size_t count;

    if (strlen(name) > MAX_NAME ||
        !split_name(arena_strdup(planning->arena, name), steps, &count)) {
        return refuse(planning, column, "COLUMN_NAME", "has a name that no field can have");
    }
    struct node *node = place_value(planning, steps, count, &position);

    if (!node) {
        return refuse(planning, column, "COLUMN_CONFLICT",
                      "fills a field that another column fills as well");
    }
    node->column = column;
    node->is_known = position.field;
    node->type = type_at(position);
    return true;
}

static void note_code(const struct planning *planning, size_t column, const char *target)
{
    struct columns *columns = planning->columns;
    const struct entity *entity = planning->options->entity;
    const char *alias = columns->has_code ? NULL : entity->code_alias;

    if (strcmp(target, entity->code_field) == 0 || (alias && strcmp(target, alias) == 0)) {
        columns->has_code = true;
        columns->code_column = column;
    }
}

static bool is_error_column(const char *name)
{
    for (size_t i = 0; i < ERROR_COLUMNS; i++) {
        if (strcmp(error_columns[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool brings_error_columns(const struct planning *planning)
{
    size_t found = 0;

    for (size_t i = 0; i < planning->header->count; i++) {
        found += is_error_column(name_of(planning, i));
    }
    return found == ERROR_COLUMNS;
}

bool columns_plan(struct arena *arena, const struct sheet_row *header,
                  const struct columns_options *options, struct columns **out,
                  struct sheet_fault *fault, struct err *err)
{
    struct columns *columns = arena_calloc(arena, 1, sizeof(*columns));
    struct planning planning = {arena, header, options, columns, fault};
    bool is_returned = brings_error_columns(&planning);

    columns->root.kind = NODE_OBJECT;
    for (size_t i = 0; i < header->count; i++) {
        const char *name = name_of(&planning, i);
        const struct field_mapping *mapping = mapping_of(&planning, name);

        if (!*name || (is_returned && is_error_column(name))) {
            continue;
        }
        if (!(mapping ? place_mapped(&planning, i, name, mapping)
                      : place_named(&planning, i, name))) {
            return err_set(err, ERR_INVALID, "%s", fault->message);
        }
        note_code(&planning, i, mapping ? mapping->target_field : name);
    }
    *out = columns;
    return true;
}
