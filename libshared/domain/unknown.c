#include "domain/unknown.h"

#include "domain/array.h"
#include "domain/document.h"

#include <string.h>

enum { MAX_NAME = 64, MAX_DISTANCE = 2 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned min_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Three rows of the table of distances between all beginnings of two names. */
struct rows {
    unsigned before[MAX_NAME + 1];
    unsigned last[MAX_NAME + 1];
    unsigned now[MAX_NAME + 1];
};

/* The row for a[i], given the two rows before it. */
static void next_row(struct rows *rows, const char *a, size_t i, const char *b, size_t b_length)
{
    rows->now[0] = (unsigned)i + 1;
    for (size_t j = 0; j < b_length; j++) {
        unsigned replaced = rows->last[j] + (lower(a[i]) != lower(b[j]));
        unsigned best = min_of(replaced, min_of(rows->last[j + 1], rows->now[j]) + 1);
        bool is_swapped =
            i > 0 && j > 0 && lower(a[i]) == lower(b[j - 1]) && lower(a[i - 1]) == lower(b[j]);

        rows->now[j + 1] = is_swapped ? min_of(best, rows->before[j - 1] + 1) : best;
    }
    memcpy(rows->before, rows->last, sizeof(rows->before));
    memcpy(rows->last, rows->now, sizeof(rows->last));
}

/* Letters to add, leave out, replace or swap. Names longer than MAX_NAME are far from all. */
static unsigned distance(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    struct rows rows;

    if (a_length > MAX_NAME || b_length > MAX_NAME) {
        return MAX_DISTANCE + 1;
    }
    for (size_t j = 0; j <= b_length; j++) {
        rows.last[j] = (unsigned)j;
        rows.before[j] = 0;
    }
    for (size_t i = 0; i < a_length; i++) {
        next_row(&rows, a, i, b, b_length);
    }
    return rows.last[b_length];
}

const char *unknown_meant(const struct field_table *table, const char *name)
{
    const char *meant = NULL;
    unsigned least = MAX_DISTANCE + 1;

    for (size_t i = 0; i < table->count; i++) {
        unsigned found = distance(name, table->fields[i].name);

        if (found < least && found * 2 < strlen(name)) {
            least = found;
            meant = table->fields[i].name;
        }
    }
    return meant;
}

void unknown_append(bson_t *out, const char *key, const struct name_tally *tally)
{
    struct array list;
    bson_t item;

    array_begin(out, key, &list);
    for (size_t i = 0; i < tally->count; i++) {
        array_begin_document(&list, &item);
        BSON_APPEND_UTF8(&item, "field", tally->entries[i].name);
        BSON_APPEND_INT64(&item, "count", tally->entries[i].count);
        array_end_document(&list, &item);
    }
    array_end(&list);
}

void unknown_add_stored(struct name_tally *tally, const bson_t *document, const char *path)
{
    bson_iter_t list;
    bson_iter_t it;

    if (!document_find(document, path, &list) || !bson_iter_recurse(&list, &it)) {
        return;
    }
    while (bson_iter_next(&it)) {
        const bson_t *item =
            BSON_ITER_HOLDS_DOCUMENT(&it) ? document_nested(tally->arena, &it) : NULL;
        const char *field = item ? document_text(item, "field") : NULL;

        if (field) {
            tally_add(tally, field, document_int64(item, "count", 0));
        }
    }
}
