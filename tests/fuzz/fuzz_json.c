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

static void check_round_trip(struct arena *arena, const bson_t *document)
{
    AUTO(buf) struct buf first = {0};
    AUTO(buf) struct buf second = {0};
    struct json_fault fault;
    const bson_t *again;

    if (!bson_validate(document, BSON_VALIDATE_UTF8 | BSON_VALIDATE_UTF8_ALLOW_NULL, NULL)) {
        abort();
    }
    json_write(&first, document);
    if (!json_read_object(padded(arena, first.data, first.len), &limits, arena, &again, &fault)) {
        abort();
    }
    json_write(&second, again);
    if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct json_import import;
    struct json_fault fault;
    const bson_t *document;

    if (json_read_object(padded(arena, data, size), &limits, arena, &document, &fault)) {
        check_round_trip(arena, document);
    }
    if (json_read_import(padded(arena, data, size), "products", &limits, arena, &import, &fault)) {
        for (size_t i = 0; i < import.row_count; i++) {
            bson_t row;

            if (import.rows[i].bson &&
                !bson_init_static(&row, import.rows[i].bson, import.rows[i].size)) {
                abort();
            }
        }
    }
    return 0;
}
