#include "table/columns.h"

#include "domain/mapping.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 256, MAX_STEPS = 16 };

/* Separates the items of a list in one cell. */
static const char LIST_SEPARATOR[] = "|";

const char *const error_columns[ERROR_COLUMNS] = {"error_code", "error", "error_path"};

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
    struct node *last;
    struct node *next;
};

struct columns {
    struct node root;
    bool repeats;
    bool has_code;
    size_t code_column;
};

/* ---- reading the header ---- */

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

    *fault =
        (struct sheet_fault){.code = code, .line = planning->header->line, .column = column + 1};
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

static struct node *add_child(struct arena *arena, struct node *parent, const char *key)
{
    struct node *child = arena_calloc(arena, 1, sizeof(*child));

    child->key = key;
    if (parent->last) {
        parent->last->next = child;
    } else {
        parent->children = child;
    }
    parent->last = child;
    return child;
}

static bool is_index(const char *step)
{
    return strlen(step) <= 4 && strspn(step, "0123456789") == strlen(step);
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
    struct position position = {planning->options->fields, NULL, false};
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

    *node = (struct node){
        .key = name, .kind = NODE_VALUE, .type = FIELD_TEXT, .is_known = true, .column = column};
    type_mapped(planning, mapping, node);
    return true;
}

static bool place_named(const struct planning *planning, size_t column, const char *name)
{
    struct position position = {planning->options->fields, NULL, false};
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
    const char *const *names = planning->options->code_fields;

    if (strcmp(target, names[0]) == 0 ||
        (names[1] && !columns->has_code && strcmp(target, names[1]) == 0)) {
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

bool columns_repeat(const struct columns *columns)
{
    return columns->repeats && columns->has_code;
}

/* ---- writing rows ---- */

static const struct sheet_cell *cell_at(const struct sheet_row *line, size_t column)
{
    static const struct sheet_cell nothing = {SHEET_EMPTY, {"", 0}};

    return column < line->count ? &line->cells[column] : &nothing;
}

struct str columns_code(const struct columns *columns, const struct sheet_row *line)
{
    const struct sheet_cell *cell =
        columns->has_code ? cell_at(line, columns->code_column) : &(struct sheet_cell){0};

    return cell->type == SHEET_EMPTY ? (struct str){0} : cell->text;
}

/* The lines that a row is made of. */
struct lines {
    const struct sheet_row *first;
    size_t count;
};

static bool has_content(const struct node *node, struct lines lines)
{
    if (node->kind == NODE_VALUE) {
        return cell_at(lines.first, node->column)->type != SHEET_EMPTY;
    }
    size_t count = node->kind == NODE_REPEAT ? lines.count : 1;

    for (const struct node *child = node->children; child; child = child->next) {
        for (size_t i = 0; i < count; i++) {
            if (has_content(child, (struct lines){lines.first + i, lines.count - i})) {
                return true;
            }
        }
    }
    return false;
}

static bool append_number(bson_t *out, const char *key, const char *text)
{
    char *end;

    if (strspn(text, "+-.0123456789eE") != strlen(text)) {
        return false;
    }
    errno = 0;
    long long whole = strtoll(text, &end, 10);

    if (*text && !*end && errno == 0) {
        return BSON_APPEND_INT64(out, key, whole);
    }
    errno = 0;
    double number = strtod(text, &end);

    return *text && !*end && errno == 0 && BSON_APPEND_DOUBLE(out, key, number);
}

static bool append_boolean(bson_t *out, const char *key, const char *text)
{
    bool value;

    return mapping_read_boolean(text, &value) && BSON_APPEND_BOOL(out, key, value);
}

/* The type that a cell is to be written as. */
static enum field_type wanted_type(const struct node *node, const struct sheet_cell *cell)
{
    if (node->is_known) {
        return node->type;
    }
    return cell->type == SHEET_NUMBER    ? FIELD_NUMBER
           : cell->type == SHEET_BOOLEAN ? FIELD_BOOLEAN
                                         : FIELD_TEXT;
}

static void write_value(const struct node *node, const char *key, const struct sheet_cell *cell,
                        bson_t *out)
{
    AUTO(char) char *text = mem_alloc(cell->text.n + 1);
    enum field_type type = wanted_type(node, cell);

    memcpy(text, cell->text.p, cell->text.n);
    text[cell->text.n] = '\0';
    bool is_number = type == FIELD_NUMBER || type == FIELD_PERCENT;
    bool ok = (is_number && append_number(out, key, text)) ||
              (type == FIELD_BOOLEAN && append_boolean(out, key, text)) ||
              (type == FIELD_TEXTS && mapping_append_split(out, key, text, LIST_SEPARATOR));

    if (!ok) {
        bson_append_utf8(out, key, -1, text, -1);
    }
}

static void write_node(const struct node *node, const char *key, struct lines lines, bson_t *out);

static void write_members(const struct node *node, struct lines lines, bson_t *out)
{
    for (const struct node *child = node->children; child; child = child->next) {
        if (has_content(child, lines)) {
            write_node(child, child->key, lines, out);
        }
    }
}

/* The child with the lowest index that is not below `from`. */
static const struct node *next_item(const struct node *list, int from)
{
    const struct node *found = NULL;

    for (const struct node *child = list->children; child; child = child->next) {
        if (atoi(child->key) >= from && (!found || atoi(child->key) < atoi(found->key))) {
            found = child;
        }
    }
    return found;
}

static void write_items(const struct node *node, struct lines lines, bson_t *out)
{
    uint32_t index = 0;
    char buffer[16];
    const char *key;

    for (const struct node *item = next_item(node, 0); item;
         item = next_item(node, atoi(item->key) + 1)) {
        if (has_content(item, lines)) {
            bson_uint32_to_string(index++, &key, buffer, sizeof(buffer));
            write_node(item, key, lines, out);
        }
    }
}

static void write_repeated(const struct node *node, struct lines lines, bson_t *out)
{
    uint32_t index = 0;
    char buffer[16];
    const char *key;

    for (size_t i = 0; i < lines.count; i++) {
        struct lines line = {lines.first + i, 1};
        bson_t item;

        if (has_content(node, line)) {
            bson_uint32_to_string(index++, &key, buffer, sizeof(buffer));
            BSON_APPEND_DOCUMENT_BEGIN(out, key, &item);
            write_members(node, line, &item);
            bson_append_document_end(out, &item);
        }
    }
}

static void write_node(const struct node *node, const char *key, struct lines lines, bson_t *out)
{
    bson_t inner;

    switch (node->kind) {
    case NODE_VALUE:
        write_value(node, key, cell_at(lines.first, node->column), out);
        break;
    case NODE_OBJECT:
        BSON_APPEND_DOCUMENT_BEGIN(out, key, &inner);
        write_members(node, lines, &inner);
        bson_append_document_end(out, &inner);
        break;
    case NODE_LIST:
        BSON_APPEND_ARRAY_BEGIN(out, key, &inner);
        write_items(node, lines, &inner);
        bson_append_array_end(out, &inner);
        break;
    case NODE_REPEAT:
        BSON_APPEND_ARRAY_BEGIN(out, key, &inner);
        write_repeated(node, lines, &inner);
        bson_append_array_end(out, &inner);
        break;
    }
}

void columns_write(const struct columns *columns, const struct sheet_row *lines, size_t count,
                   bson_t *out)
{
    write_members(&columns->root, (struct lines){lines, count}, out);
}
