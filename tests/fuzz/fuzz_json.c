/* Whatever comes in: no crash, and what is accepted prints as JSON that reads back as the same
 * text. */
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_limits limits = {
    .max_depth = 32, .max_keys = 100, .max_row_bytes = 1 << 20, .max_rows = 1000};

static struct str padded(struct arena *arena, const void *text, size_t n)
{
    char *copy = arena_calloc(arena, n + 64, 1);

    memcpy(copy, text, n);
    return (struct str){copy, n};
}

static const struct json_limits any_keys = {
    .max_depth = 32, .max_keys = 100, .max_row_bytes = 1 << 20, .any_keys = true};

static void check_round_trip(struct arena *arena, const struct json_limits *allowed,
                             const bson_t *document)
{
    AUTO(buf) struct buf first = {0};
    AUTO(buf) struct buf second = {0};
    struct json_fault fault;
    const bson_t *again;

    if (!bson_validate(document, BSON_VALIDATE_NONE, NULL)) {
        abort();
    }
    json_write(&first, document);
    if (!json_read_object(padded(arena, first.data, first.len), allowed, arena, &again, &fault)) {
        abort();
    }
    json_write(&second, again);
    if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0) {
        abort();
    }
}

static void check_fault(const struct json_fault *fault, size_t size)
{
    if (!fault->code || fault->offset < -1 || fault->offset > (int64_t)size) {
        abort();
    }
}

static void try_object(struct arena *arena, const struct json_limits *allowed, const uint8_t *data,
                       size_t size)
{
    struct json_fault fault;
    const bson_t *document;

    if (json_read_object(padded(arena, data, size), allowed, arena, &document, &fault)) {
        check_round_trip(arena, allowed, document);
    } else {
        check_fault(&fault, size);
    }
}

static void try_import(struct arena *arena, const uint8_t *data, size_t size)
{
    struct json_import import;
    struct json_fault fault;

    if (!json_read_import(padded(arena, data, size), "products", &limits, arena, &import, &fault)) {
        check_fault(&fault, size);
        return;
    }
    check_round_trip(arena, &limits, import.envelope);
    for (size_t i = 0; i < import.row_count; i++) {
        bson_t row;

        if (import.rows[i].bson) {
            if (!bson_init_static(&row, import.rows[i].bson, import.rows[i].size)) {
                abort();
            }
            check_round_trip(arena, &limits, &row);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();

    try_object(arena, &limits, data, size);
    try_object(arena, &any_keys, data, size);
    try_import(arena, data, size);
    return 0;
}
