#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <bson/bson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * JSON from partners straight to BSON, and BSON back to JSON. Strict: RFC 8259, UTF-8, the limits
 * below; keys that are repeated, empty of meaning to a database ("$..." first, '.' or NUL inside,
 * "__proto__") are refused. Nothing in a partner's JSON is ever interpreted as extended JSON.
 */

struct json_limits {
    uint32_t max_depth; /* of the whole document; the outermost object is 1 */
    uint32_t max_keys;  /* in one object */
    size_t max_row_bytes;
    size_t max_rows;
    bool any_keys; /* of the keys above only those that are repeated or hold a NUL are refused */
};

/* Where and why a text was refused. `code` is one of the catalogue (domain/problem.h). */
struct json_fault {
    const char *code;
    int64_t offset; /* byte in the text, -1 unknown */
    int64_t row;    /* 0-based index in the rows array, -1 outside of it */
    char path[256]; /* JSON Pointer of the place, cut when longer */
    char detail[200];
};

/* One element of the rows array. */
struct json_row {
    const uint8_t *bson; /* NULL: the row is over max_row_bytes */
    uint32_t size;
};

/* An import request: the outer object without its rows, and the rows. All memory belongs to
 * `arena`. */
struct json_import {
    const bson_t *envelope;
    struct json_row *rows;
    size_t row_count;
    bool rows_present;  /* the rows key was there and was an array */
    bool too_many_rows; /* row_count stopped at max_rows + 1 */
};

/* `text` must be followed by 64 readable bytes. `rows_key` names the array ("products"). A row that
 * is not an object is refused. Returns false and fills `fault` when the text is refused. */
bool json_read_import(struct str text, const char *rows_key, const struct json_limits *limits,
                      struct arena *arena, struct json_import *out,
                      struct json_fault *fault) MUST_USE;

/* One JSON object; `text` as above. */
bool json_read_object(struct str text, const struct json_limits *limits, struct arena *arena,
                      const bson_t **out, struct json_fault *fault) MUST_USE;

/* Appends `document` as JSON. Doubles print as the shortest text that reads the same, dates as ISO
 * 8601 with milliseconds and Z, ObjectIds as hex text. */
void json_write(struct buf *out, const bson_t *document);
void json_write_value(struct buf *out, const bson_iter_t *value);

/* Appends text as a JSON string with quotes. */
void json_write_text(struct buf *out, struct str text);
