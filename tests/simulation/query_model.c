#include "domain/document.h"
#include "simulation/models.h"
#include "simulation/world.h"

#include <string.h>

/* How values sort among each other, in the order of MongoDB's types. */
enum rank { RANK_NONE, RANK_NUMBER, RANK_TEXT, RANK_DATE, RANK_OTHER };

static enum rank rank_of(const bson_iter_t *value)
{
    if (!value || BSON_ITER_HOLDS_NULL(value)) {
        return RANK_NONE;
    }
    if (BSON_ITER_HOLDS_UTF8(value)) {
        return RANK_TEXT;
    }
    if (BSON_ITER_HOLDS_DATE_TIME(value)) {
        return RANK_DATE;
    }
    return BSON_ITER_HOLDS_NUMBER(value) ? RANK_NUMBER : RANK_OTHER;
}

/* Less than, equal to or greater than 0. */
static int compare(const bson_iter_t *a, const bson_iter_t *b)
{
    enum rank rank = rank_of(a);
    int64_t left;
    int64_t right;

    if (rank != rank_of(b) || rank == RANK_NONE) {
        return (int)rank - (int)rank_of(b);
    }
    if (rank == RANK_TEXT) {
        return strcmp(bson_iter_utf8(a, NULL), bson_iter_utf8(b, NULL));
    }
    if (rank == RANK_OTHER) {
        world_violate("the query model cannot compare %s", bson_iter_key(a));
    }
    left = rank == RANK_DATE ? bson_iter_date_time(a) : bson_iter_as_int64(a);
    right = rank == RANK_DATE ? bson_iter_date_time(b) : bson_iter_as_int64(b);
    return left < right ? -1 : left > right;
}

static bool is_among(const bson_iter_t *field, const bson_iter_t *list)
{
    bson_iter_t item;

    if (!bson_iter_recurse(list, &item)) {
        return false;
    }
    while (bson_iter_next(&item)) {
        if (compare(field, &item) == 0) {
            return true;
        }
    }
    return false;
}

static bool matches_value(const bson_iter_t *field, const bson_iter_t *wanted);

static bool matches_operator(const bson_iter_t *field, const bson_iter_t *operator)
{
    const char *name = bson_iter_key(operator);
    bool is_comparable = rank_of(field) == rank_of(operator);

    if (strcmp(name, "$in") == 0) {
        return is_among(field, operator);
    }
    if (strcmp(name, "$not") == 0) {
        return !matches_value(field, operator);
    }
    if (strcmp(name, "$exists") == 0) {
        return (field != NULL) == bson_iter_bool(operator);
    }
    if (strcmp(name, "$gt") == 0) {
        return is_comparable && compare(field, operator) > 0;
    }
    if (strcmp(name, "$lt") == 0) {
        return is_comparable && compare(field, operator) < 0;
    }
    world_violate("the query model does not know %s", name);
    return false;
}

static bool matches_value(const bson_iter_t *field, const bson_iter_t *wanted)
{
    bson_iter_t operator;

    if (!BSON_ITER_HOLDS_DOCUMENT(wanted)) {
        return compare(field, wanted) == 0;
    }
    if (!bson_iter_recurse(wanted, &operator)) {
        return false;
    }
    while (bson_iter_next(&operator)) {
        if (!matches_operator(field, &operator)) {
            return false;
        }
    }
    return true;
}

/* A guard that is switched off. */
static bool is_ignored(const char *path)
{
    return (world_is_mutated(MUTATION_TRACKER_GUARD) && strncmp(path, "next_chunk.", 11) == 0) ||
           (world_is_mutated(MUTATION_INDEXED_GUARD) && strcmp(path, "indexed_batches") == 0);
}

bool query_matches(const bson_t *document, const bson_t *filter)
{
    bson_iter_t wanted;
    bson_iter_t field;

    if (!bson_iter_init(&wanted, filter)) {
        return false;
    }
    while (bson_iter_next(&wanted)) {
        bool found = document_find(document, bson_iter_key(&wanted), &field);

        if (!is_ignored(bson_iter_key(&wanted)) && !matches_value(found ? &field : NULL, &wanted)) {
            return false;
        }
    }
    return true;
}

static const bson_t *without(struct arena *arena, const bson_t *document, const char *key)
{
    bson_t *out = document_new(arena);

    bson_copy_to_excluding_noinit(document, out, key, NULL);
    return out;
}

static const bson_t *add(struct arena *arena, const bson_t *document, const bson_iter_t *value)
{
    const char *path = bson_iter_key(value);
    bson_t *sum = document_new(arena);
    bson_iter_t it;

    BSON_APPEND_INT64(sum, "sum", document_int64(document, path, 0) + bson_iter_as_int64(value));
    return bson_iter_init_find(&it, sum, "sum") ? document_set(arena, document, path, &it)
                                                : document;
}

static const bson_t *change(struct arena *arena, const bson_t *document, const char *operator,
                            const bson_iter_t * value)
{
    const char *path = bson_iter_key(value);
    bson_iter_t field;
    bool found = document_find(document, path, &field);

    if (strcmp(operator, "$set") == 0) {
        return document_set(arena, document, path, value);
    }
    if (strcmp(operator, "$inc") == 0) {
        return add(arena, document, value);
    }
    if (strcmp(operator, "$unset") == 0) {
        return without(arena, document, path);
    }
    if (strcmp(operator, "$min") == 0) {
        return found && compare(&field, value) <= 0 ? document
                                                    : document_set(arena, document, path, value);
    }
    if (strcmp(operator, "$max") == 0) {
        return found && compare(&field, value) >= 0 ? document
                                                    : document_set(arena, document, path, value);
    }
    world_violate("the query model does not know %s", operator);
    return document;
}

const bson_t *query_update(struct arena *arena, const bson_t *document, const bson_t *update)
{
    bson_iter_t operator;
    bson_iter_t value;

    if (!bson_iter_init(&operator, update)) {
        return document;
    }
    while (bson_iter_next(&operator)) {
        bool more = bson_iter_recurse(&operator, & value) && bson_iter_next(&value);

        for (; more; more = bson_iter_next(&value)) {
            document = change(arena, document, bson_iter_key(&operator), &value);
        }
    }
    return document;
}
