#include "domain/field.h"

#include "domain/date.h"
#include "domain/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH = 512 };

/* The place being looked at, as a chain of segments on the stack: a path is only spelt out for a
 * finding. */
struct place {
    const struct place *outer;
    const char *segment;
};

static void spell(const struct place *place, char *out, size_t size)
{
    if (!place) {
        *out = '\0';
        return;
    }
    spell(place->outer, out, size);
    size_t n = strlen(out);

    if (n + 1 < size) {
        out[n++] = '/';
    }
    for (const char *p = place->segment; *p && n + 3 < size; p++) {
        if (*p == '~' || *p == '/') {
            out[n++] = '~';
            out[n++] = *p == '~' ? '0' : '1';
        } else {
            out[n++] = *p;
        }
    }
    out[n] = '\0';
}

static void wrong_type(const struct field_walk *walk, const struct place *place, const char *wanted)
{
    char path[MAX_PATH];

    spell(place, path, sizeof(path));
    findings_add(walk->findings, PROBLEM_wrong_type, path, "%s must be %s", path + 1, wanted);
}

static int compare_name(const void *key, const void *field)
{
    return strcmp(key, ((const struct field *)field)->name);
}

const struct field *field_find(const struct field_table *table, const char *name)
{
    return bsearch(name, table->fields, table->count, sizeof(*table->fields), compare_name);
}

static bool is_language(const char *key)
{
    return key[0] >= 'a' && key[0] <= 'z' && key[1] >= 'a' && key[1] <= 'z' && !key[2];
}

/* An object looks keyed by language when all its keys are two-letter codes, and one of them the
 * tenant's. */
static bool looks_multilingual(const struct field_walk *walk, const bson_iter_t *value)
{
    bool any = false;
    bool known = false;
    bson_iter_t it;

    for (bool more = bson_iter_recurse(value, &it) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (!is_language(bson_iter_key(&it))) {
            return false;
        }
        any = true;
        known = known || text_list_has(&walk->settings->languages, bson_iter_key(&it));
    }
    return known || !any;
}

static void check_language_values(const struct field_walk *walk, const struct place *place,
                                  const bson_iter_t *value)
{
    bson_iter_t it;

    for (bool more = bson_iter_recurse(value, &it) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        struct place inner = {place, bson_iter_key(&it)};

        if (!BSON_ITER_HOLDS_UTF8(&it) && !BSON_ITER_HOLDS_NULL(&it)) {
            wrong_type(walk, &inner, "text");
        }
    }
}

static void copy_multilingual(const struct field_walk *walk, const struct field *field,
                              const struct place *place, const bson_iter_t *value, bson_t *out)
{
    const char *key = bson_iter_key(value);
    bool wraps = field->type == FIELD_MULTILINGUAL || (field->type == FIELD_TITLE && !place->outer);
    bson_t wrapped;

    if (BSON_ITER_HOLDS_UTF8(value) && wraps) {
        bson_append_document_begin(out, key, -1, &wrapped);
        bson_append_iter(&wrapped, walk->settings->default_language, -1, value);
        bson_append_document_end(out, &wrapped);
        return;
    }
    bool is_label = field->type != FIELD_MULTILINGUAL && BSON_ITER_HOLDS_DOCUMENT(value);

    if (is_label || (BSON_ITER_HOLDS_DOCUMENT(value) && looks_multilingual(walk, value))) {
        check_language_values(walk, place, value);
    } else if (!BSON_ITER_HOLDS_UTF8(value)) {
        wrong_type(walk, place, "text, or an object of texts by language");
    }
    bson_append_iter(out, key, -1, value);
}

static bool is_date(const char *text)
{
    struct date_span span;

    return date_read(text, &span);
}

static void check_percent(const struct field_walk *walk, const struct place *place, double value)
{
    char path[MAX_PATH];

    if (value < 0 || value > 100) {
        spell(place, path, sizeof(path));
        findings_add(walk->findings, PROBLEM_wrong_value, path, "%s must be from 0 to 100",
                     path + 1);
    }
}

static void check_allowed(const struct field_walk *walk, const struct field *field,
                          const struct place *place, const char *text)
{
    char path[MAX_PATH];
    char list[160] = "";

    for (size_t i = 0; field->values[i]; i++) {
        if (strcmp(field->values[i], text) == 0) {
            return;
        }
        size_t n = strlen(list);
        snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "", field->values[i]);
    }
    spell(place, path, sizeof(path));
    findings_add(walk->findings, PROBLEM_wrong_value, path, "%s must be one of %s", path + 1, list);
}

static void check_scalar(const struct field_walk *walk, const struct field *field,
                         const struct place *place, const bson_iter_t *value)
{
    const char *text = BSON_ITER_HOLDS_UTF8(value) ? bson_iter_utf8(value, NULL) : NULL;

    bool is_number = field->type == FIELD_NUMBER || field->type == FIELD_PERCENT;

    if (is_number && !BSON_ITER_HOLDS_NUMBER(value)) {
        wrong_type(walk, place, "a number");
    } else if (field->type == FIELD_BOOLEAN && !BSON_ITER_HOLDS_BOOL(value)) {
        wrong_type(walk, place, "true or false");
    } else if (field->type == FIELD_TEXT && !text) {
        wrong_type(walk, place, "text");
    } else if (field->type == FIELD_DATE && (!text || !is_date(text))) {
        wrong_type(walk, place, "a date (ISO 8601)");
    } else if (field->type == FIELD_PERCENT) {
        check_percent(walk, place, bson_iter_as_double(value));
    } else if (text && field->values) {
        check_allowed(walk, field, place, text);
    }
}

static void copy_value(const struct field_walk *walk, const struct field *field,
                       const struct place *place, const bson_iter_t *value, bson_t *out);

static bool is_left_out(const struct field_walk *walk, const char *key)
{
    return (walk->skip && walk->skip(key)) ||
           (walk->code_field && strcmp(walk->code_field, key) == 0);
}

static void copy_members(const struct field_walk *walk, const struct field_table *table,
                         const struct place *place, bson_iter_t *members, bson_t *out)
{
    while (bson_iter_next(members)) {
        const char *key = bson_iter_key(members);
        const struct field *field = table ? field_find(table, key) : NULL;
        struct place inner = {place, key};

        if (!place && is_left_out(walk, key)) {
            continue;
        }
        if (field && !BSON_ITER_HOLDS_NULL(members)) {
            copy_value(walk, field, &inner, members, out);
        } else {
            bson_append_iter(out, key, (int)bson_iter_key_len(members), members);
        }
        if (!field && !place && walk->unknown) {
            tally_add(walk->unknown, key, 1);
        }
    }
}

static void copy_object(const struct field_walk *walk, const struct field *field,
                        const struct place *place, const bson_iter_t *value, bson_t *out)
{
    bson_iter_t members;
    bson_t inner;

    if (!BSON_ITER_HOLDS_DOCUMENT(value)) {
        wrong_type(walk, place, "an object");
        return;
    }
    bson_iter_recurse(value, &members);
    bson_append_document_begin(out, bson_iter_key(value), (int)bson_iter_key_len(value), &inner);
    copy_members(walk, field->fields, place, &members, &inner);
    bson_append_document_end(out, &inner);
}

static void copy_list(const struct field_walk *walk, const struct field *field,
                      const struct place *place, const bson_iter_t *value, bson_t *out)
{
    static const enum field_type item_types[] = {
        [FIELD_TEXTS] = FIELD_TEXT,
        [FIELD_OBJECTS] = FIELD_OBJECT,
        [FIELD_REFERENCES] = FIELD_REFERENCE,
    };
    struct field item = {NULL, item_types[field->type], field->fields, NULL};
    bson_iter_t it;
    bson_t list;

    if (!BSON_ITER_HOLDS_ARRAY(value)) {
        wrong_type(walk, place, "a list");
        return;
    }
    bson_iter_recurse(value, &it);
    bson_append_array_begin(out, bson_iter_key(value), (int)bson_iter_key_len(value), &list);
    while (bson_iter_next(&it)) {
        struct place inner = {place, bson_iter_key(&it)};

        copy_value(walk, &item, &inner, &it, &list);
    }
    bson_append_array_end(out, &list);
}

static void copy_by_language(const struct field_walk *walk, const struct field *field,
                             const struct place *place, const bson_iter_t *value, bson_t *out)
{
    struct field list = {NULL, field->fields ? FIELD_OBJECTS : FIELD_TEXTS, field->fields, NULL};
    bson_iter_t it;
    bson_t lists;

    if (!BSON_ITER_HOLDS_DOCUMENT(value) || !looks_multilingual(walk, value)) {
        wrong_type(walk, place, "an object of lists by language");
        return;
    }
    bson_iter_recurse(value, &it);
    bson_append_document_begin(out, bson_iter_key(value), -1, &lists);
    while (bson_iter_next(&it)) {
        struct place inner = {place, bson_iter_key(&it)};

        if (BSON_ITER_HOLDS_NULL(&it)) {
            bson_append_iter(&lists, bson_iter_key(&it), -1, &it);
        } else {
            copy_list(walk, &list, &inner, &it, &lists);
        }
    }
    bson_append_document_end(out, &lists);
}

static void copy_value(const struct field_walk *walk, const struct field *field,
                       const struct place *place, const bson_iter_t *value, bson_t *out)
{
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_NUMBER:
    case FIELD_PERCENT:
    case FIELD_BOOLEAN:
    case FIELD_DATE:
        check_scalar(walk, field, place, value);
        bson_append_iter(out, bson_iter_key(value), -1, value);
        break;
    case FIELD_MULTILINGUAL:
    case FIELD_LABEL:
    case FIELD_TITLE:
        copy_multilingual(walk, field, place, value, out);
        break;
    case FIELD_REFERENCE:
        if (BSON_ITER_HOLDS_UTF8(value)) {
            bson_append_iter(out, bson_iter_key(value), -1, value);
            break;
        }
        /* fallthrough */
    case FIELD_OBJECT:
        copy_object(walk, field, place, value, out);
        break;
    case FIELD_TEXTS:
    case FIELD_OBJECTS:
    case FIELD_REFERENCES:
        copy_list(walk, field, place, value, out);
        break;
    case FIELD_BY_LANGUAGE:
        copy_by_language(walk, field, place, value, out);
        break;
    }
}

void field_copy_members(const struct field_walk *walk, const struct field_table *table,
                        const bson_t *object, bson_t *out)
{
    bson_iter_t members;

    if (bson_iter_init(&members, object)) {
        copy_members(walk, table, NULL, &members, out);
    }
}
