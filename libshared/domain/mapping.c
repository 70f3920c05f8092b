#include "domain/mapping.h"

#include "domain/array.h"
#include "domain/document.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SPLIT[] = "split:";

static bool read_transform(const char *name, struct field_mapping *out, struct err *err)
{
    static const char *const names[] = {
        [TRANSFORM_TRIM] = "trim",     [TRANSFORM_UPPER] = "upper",     [TRANSFORM_LOWER] = "lower",
        [TRANSFORM_NUMBER] = "number", [TRANSFORM_BOOLEAN] = "boolean",
    };

    if (strncmp(name, SPLIT, sizeof(SPLIT) - 1) == 0 && name[sizeof(SPLIT) - 1]) {
        out->transform = TRANSFORM_SPLIT;
        out->separator = name + sizeof(SPLIT) - 1;
        return true;
    }
    for (size_t i = TRANSFORM_TRIM; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            out->transform = (enum transform)i;
            return true;
        }
    }
    return err_set(err, ERR_INVALID,
                   "transform \"%s\" is none of trim, upper, lower, number, boolean, split:<sep>",
                   name);
}

static bool is_path(const char *text)
{
    size_t n = strlen(text);

    return n > 0 && n <= 256 && text[0] != '.' && text[0] != '$' && text[n - 1] != '.' &&
           !strstr(text, "..") && !strstr(text, ".$") && !strstr(text, "__proto__");
}

/* `entry` is {source_field, target_field, transform} or, in the short form, the target itself. */
static bool read_entry(const bson_iter_t *entry, bool is_short, struct field_mapping *out,
                       struct err *err)
{
    bson_iter_t field;
    const char *transform = NULL;

    *out = (struct field_mapping){0};
    if (is_short && BSON_ITER_HOLDS_UTF8(entry)) {
        out->source_field = bson_iter_key(entry);
        out->target_field = bson_iter_utf8(entry, NULL);
    } else if (!is_short && BSON_ITER_HOLDS_DOCUMENT(entry) && bson_iter_recurse(entry, &field)) {
        while (bson_iter_next(&field)) {
            const char *key = bson_iter_key(&field);
            const char *text = BSON_ITER_HOLDS_UTF8(&field) ? bson_iter_utf8(&field, NULL) : NULL;

            if (strcmp(key, "source_field") == 0) {
                out->source_field = text;
            } else if (strcmp(key, "target_field") == 0) {
                out->target_field = text;
            } else if (strcmp(key, "transform") == 0) {
                transform = text;
            }
        }
    }
    if (!out->source_field || !*out->source_field || !out->target_field ||
        !is_path(out->target_field)) {
        return err_set(err, ERR_INVALID,
                       "entry %s must name a source_field and a target_field (a dotted path)",
                       bson_iter_key(entry));
    }
    return !transform || read_transform(transform, out, err);
}

bool mapping_read(struct arena *arena, const bson_iter_t *value, struct field_mapping **out,
                  size_t *count, struct err *err)
{
    bool is_short = BSON_ITER_HOLDS_DOCUMENT(value);
    bson_iter_t it;

    *out = NULL;
    *count = 0;
    if (BSON_ITER_HOLDS_NULL(value)) {
        return true;
    }
    if ((!is_short && !BSON_ITER_HOLDS_ARRAY(value)) || !bson_iter_recurse(value, &it)) {
        return err_set(err, ERR_INVALID, "a list of mappings or an object is needed");
    }
    size_t most = (size_t)bson_count_keys(document_nested(arena, value));

    *out = arena_calloc(arena, most, sizeof(**out));
    while (bson_iter_next(&it)) {
        if (!read_entry(&it, is_short, &(*out)[*count], err)) {
            return false;
        }
        (*count)++;
    }
    return true;
}

static const struct field_mapping *find(const struct field_mapping *mappings, size_t count,
                                        const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(mappings[i].source_field, key) == 0) {
            return &mappings[i];
        }
    }
    return NULL;
}

/* The sign between whole and fraction: the last of '.' and ',' when it stands only once; else there
 * is none. */
static const char *find_decimal(const char *text)
{
    const char *comma = strrchr(text, ',');
    const char *dot = strrchr(text, '.');
    const char *last = comma > dot ? comma : dot;

    return last && strchr(text, *last) == last ? last : NULL;
}

/* Copies the whole part without the signs that group its digits by three; false when they group
 * otherwise. */
static bool copy_whole(const char *text, const char *end, char **out)
{
    size_t run = 0; /* digits since the last grouping sign */
    char group = '\0';

    for (const char *p = text; p < end; p++) {
        if (*p >= '0' && *p <= '9') {
            *(*out)++ = *p;
            run++;
        } else if (strchr(". ,'", *p) && (!group || group == *p) && run >= 1 && run <= 3 &&
                   (!group || run == 3)) {
            group = *p;
            run = 0;
        } else {
            return false;
        }
    }
    return !group || run == 3;
}

enum { NUMBER_SIZE = 64 };

/* "1.234,56", "1,234.56", "12,5", "12.5", "-1 234" as a plain number text; false when it is none.
 */
static bool plain_number(const char *text, char out[NUMBER_SIZE])
{
    const char *decimal = find_decimal(text);
    const char *fraction = decimal ? decimal + 1 : "";
    char *at = out;

    if (strlen(text) >= NUMBER_SIZE || strspn(fraction, "0123456789") != strlen(fraction)) {
        return false;
    }
    if (*text == '-' || *text == '+') {
        *at++ = *text++;
    }
    const char *end = decimal ? decimal : text + strlen(text);

    if (!copy_whole(text, end, &at) || (end == text && !*fraction)) {
        return false;
    }
    snprintf(at, (size_t)(out + NUMBER_SIZE - at), "%s%s", *fraction ? "." : "", fraction);
    return true;
}

static bool append_number(bson_t *out, const char *text)
{
    char plain[NUMBER_SIZE];

    if (!plain_number(text, plain)) {
        return false;
    }
    double value = strtod(plain, NULL);

    if (!strchr(plain, '.') && value >= -9e15 && value <= 9e15) {
        return BSON_APPEND_INT64(out, "v", (int64_t)value);
    }
    return BSON_APPEND_DOUBLE(out, "v", value);
}

bool mapping_read_boolean(const char *text, bool *out)
{
    static const char *const yes[] = {"true",      "1", "yes", "y",   "si",
                                      "s\xc3\xac", "s", "ja",  "oui", "x"};
    static const char *const no[] = {"false", "0", "no", "n", "nein", "non", ""};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcasecmp(text, yes[i]) == 0) {
            *out = true;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (strcasecmp(text, no[i]) == 0) {
            *out = false;
            return true;
        }
    }
    return false;
}

static bool append_boolean(bson_t *out, const char *text)
{
    bool value;

    return mapping_read_boolean(text, &value) && BSON_APPEND_BOOL(out, "v", value);
}

static struct str trim(const char *text, size_t n)
{
    while (n > 0 && isspace((unsigned char)text[n - 1])) {
        n--;
    }
    while (n > 0 && isspace((unsigned char)*text)) {
        text++;
        n--;
    }
    return (struct str){text, n};
}

void mapping_append_split(bson_t *out, const char *name, const char *text, const char *separator)
{
    struct array list;

    array_begin(out, name, &list);
    while (text) {
        const char *end = strstr(text, separator);
        struct str part = trim(text, end ? (size_t)(end - text) : strlen(text));

        if (part.n > 0) {
            array_add_text(&list, part);
        }
        text = end ? end + strlen(separator) : NULL;
    }
    array_end(&list);
}

/* Letters beyond ASCII keep their case: codes and flags have none. */
static bool append_case(bson_t *out, const char *text, int (*convert)(int))
{
    char *copy = mem_strdup(text);

    for (char *p = copy; *p; p++) {
        if ((unsigned char)*p < 0x80) {
            *p = (char)convert((unsigned char)*p);
        }
    }
    bool ok = BSON_APPEND_UTF8(out, "v", copy);
    mem_free(copy);
    return ok;
}

/* Puts the transformed value into `out` as "v"; false when the text cannot be read as what is
 * wanted. */
static bool transform_text(bson_t *out, const struct field_mapping *mapping, const char *text)
{
    struct str trimmed = trim(text, strlen(text));
    char *clean = bson_strndup(trimmed.p, trimmed.n);
    bool ok = true;

    switch (mapping->transform) {
    case TRANSFORM_NONE:
        ok = BSON_APPEND_UTF8(out, "v", text);
        break;
    case TRANSFORM_TRIM:
        ok = BSON_APPEND_UTF8(out, "v", clean);
        break;
    case TRANSFORM_UPPER:
        ok = append_case(out, text, toupper);
        break;
    case TRANSFORM_LOWER:
        ok = append_case(out, text, tolower);
        break;
    case TRANSFORM_NUMBER:
        ok = append_number(out, clean);
        break;
    case TRANSFORM_BOOLEAN:
        ok = append_boolean(out, clean);
        break;
    case TRANSFORM_SPLIT:
        mapping_append_split(out, "v", text, mapping->separator);
        break;
    }
    bson_free(clean);
    return ok;
}

/* The JSON Pointer of a field of the row. */
static const char *pointer_to(struct arena *arena, const char *name)
{
    char *out = arena_alloc(arena, 2 * strlen(name) + 2);
    char *at = out;

    *at++ = '/';
    for (; *name; name++) {
        bool is_special = *name == '~' || *name == '/';

        *at++ = is_special ? '~' : *name;
        if (is_special) {
            *at++ = *name == '~' ? '0' : '1';
        }
    }
    *at = '\0';
    return out;
}

/* Replaces the value by what the transform makes of it; false with a finding when it cannot be
 * read. */
static bool transform_value(struct arena *arena, const struct field_mapping *mapping,
                            bson_iter_t *value, struct findings *findings)
{
    bson_t *holder = document_new(arena);
    const char *text = BSON_ITER_HOLDS_UTF8(value) ? bson_iter_utf8(value, NULL) : NULL;

    if (!text || mapping->transform == TRANSFORM_NONE) {
        return true;
    }
    if (transform_text(holder, mapping, text)) {
        return bson_iter_init_find(value, holder, "v");
    }
    findings_add(findings, PROBLEM_mapping_failed, pointer_to(arena, mapping->source_field),
                 "%s: \"%.60s\" cannot be read as a %s", mapping->source_field, text,
                 mapping->transform == TRANSFORM_NUMBER ? "number" : "boolean");
    return false;
}

const bson_t *mapping_apply(struct arena *arena, const struct field_mapping *mappings, size_t count,
                            const bson_t *row, struct findings *findings)
{
    const bson_t *out = document_new(arena);
    bson_iter_t it;

    if (count == 0) {
        return row;
    }
    for (bool more = bson_iter_init(&it, row) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        const struct field_mapping *mapping = find(mappings, count, bson_iter_key(&it));
        const char *target = mapping ? mapping->target_field : bson_iter_key(&it);
        bson_iter_t value = it;

        if (!mapping || transform_value(arena, mapping, &value, findings)) {
            const bson_t *field = document_set(arena, document_new(arena), target, &value);

            out = document_merge(arena, out, field);
        }
    }
    return out;
}

/* What follows the mapping's target in a path below it; NULL when the path leads elsewhere. */
static const char *rest_below(const struct field_mapping *mapping, const char *path)
{
    const char *target = mapping->target_field;

    for (path++; *target; target++, path++) {
        if (*path != (*target == '.' ? '/' : *target)) {
            return NULL;
        }
    }
    return *path == '\0' || *path == '/' ? path : NULL;
}

static const char *restored(struct arena *arena, const struct field_mapping *mappings, size_t count,
                            const bson_t *row, const char *path)
{
    bson_iter_t it;

    for (size_t i = 0; *path && i < count; i++) {
        const char *rest = rest_below(&mappings[i], path);

        if (rest && bson_iter_init_find(&it, row, mappings[i].source_field)) {
            return arena_printf(arena, "%s%s", pointer_to(arena, mappings[i].source_field), rest);
        }
    }
    return path;
}

void mapping_restore_paths(const struct field_mapping *mappings, size_t count, const bson_t *row,
                           struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->items[i];

        if (finding->problem != PROBLEM_mapping_failed) {
            finding->path = restored(findings->arena, mappings, count, row, finding->path);
        }
    }
}
