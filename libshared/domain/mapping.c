#include "domain/mapping.h"

#include "domain/document.h"
#include "domain/mapping_transform.h"

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

/* A row's own 30 levels below it stay within the 100 that a database takes. */
enum { MAX_PARTS = 32 };

static size_t count_parts(const char *path)
{
    size_t count = 1;

    for (; *path; path++) {
        count += *path == '.';
    }
    return count;
}

static bool is_path(const char *text)
{
    size_t n = strlen(text);

    return count_parts(text) <= MAX_PARTS && n > 0 && n <= 256 && text[0] != '.' &&
           text[0] != '$' && text[n - 1] != '.' && !strstr(text, "..") && !strstr(text, ".$") &&
           !strstr(text, "__proto__");
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
                       "entry %s must name a source_field and a target_field (a dotted path of "
                       "at most %d parts)",
                       bson_iter_key(entry), MAX_PARTS);
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
    if (mapping_transform(holder, mapping, text)) {
        return bson_iter_init_find(value, holder, "v");
    }
    findings_add(findings, PROBLEM_mapping_failed, pointer_to(arena, mapping->source_field),
                 "%s: \"%.60s\" cannot be read as a %s", mapping->source_field, text,
                 mapping->transform == TRANSFORM_NUMBER ? "number" : "boolean");
    return false;
}

static void append_at(bson_t *out, const char *path, const bson_iter_t *value)
{
    const char *dot = strchr(path, '.');
    bson_t inner;

    if (!dot) {
        bson_append_iter(out, path, -1, value);
        return;
    }
    bson_append_document_begin(out, path, (int)(dot - path), &inner);
    append_at(&inner, dot + 1, value);
    bson_append_document_end(out, &inner);
}

/* Adds `value` to `out`, which is copied only when it has something at the target's first part. */
static void add_field(struct arena *scratch, bson_t *out, const char *target,
                      const bson_iter_t *value)
{
    struct str head = {target, strcspn(target, ".")};
    bson_iter_t it;

    if (!bson_iter_init_find_w_len(&it, out, head.p, (int)head.n)) {
        append_at(out, target, value);
        return;
    }
    bson_t *field = document_new(scratch);

    append_at(field, target, value);
    const bson_t *merged = document_merge(scratch, out, field);

    bson_reinit(out);
    bson_concat(out, merged);
    arena_reset(scratch);
}

const bson_t *mapping_apply(struct arena *arena, const struct field_mapping *mappings, size_t count,
                            const bson_t *row, struct findings *findings)
{
    AUTO(arena) struct arena *scratch = arena_new();
    bson_t *out = document_new(arena);
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
            add_field(scratch, out, target, &value);
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
