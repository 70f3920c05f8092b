#include "table/table_internal.h"

#include "domain/mapping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Separates the items of a list in one cell. */
static const char LIST_SEPARATOR[] = "|";

bool columns_repeat(const struct columns *columns)
{
    return columns->repeats && columns->has_code;
}

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

    if (type == FIELD_TEXTS) {
        mapping_append_split(out, key, text, LIST_SEPARATOR);
    } else if (!(is_number && append_number(out, key, text)) &&
               !(type == FIELD_BOOLEAN && append_boolean(out, key, text))) {
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

static void write_items(const struct node *node, struct lines lines, bson_t *out)
{
    uint32_t index = 0;
    char buffer[16];
    const char *key;

    for (const struct node *item = node->children; item; item = item->next) {
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
