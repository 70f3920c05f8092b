#pragma once

#include "base/mem.h"
#include "sheet/sheet.h"

/* What the first rows of a table tell about its columns, before somebody maps them. */

enum { SHEET_SAMPLE_VALUES = 3 };

struct sheet_column {
    struct str name;
    enum sheet_type type; /* that all values have; SHEET_TEXT if they differ; SHEET_EMPTY if none */
    struct str samples[SHEET_SAMPLE_VALUES]; /* the first values that differ */
    size_t sample_count;
    size_t total_values; /* cells that are not blank */
    size_t unique_count; /* of these, how many differ */
    size_t empty_count;  /* blank or missing cells */
};

struct sheet_preview {
    const struct sheet_column *columns; /* one per column of the header */
    size_t column_count;
    const struct sheet_row *rows;
    size_t row_count;
};

/* "string", "number", "boolean", "date", "empty". */
const char *sheet_type_name(enum sheet_type type);

/*
 * What the text of a cell would be: true and false are SHEET_BOOLEAN, ISO 8601 is SHEET_DATE. A
 * number with zeros in front or more digits than a double keeps is a code, thus SHEET_TEXT, and so
 * is a decimal comma: an import does not take it for a number.
 */
enum sheet_type sheet_type_of(struct str text);

/*
 * Reads up to `rows` rows and analyzes them; all is in the arena. Refuses a row with content that
 * no column of the header holds. Errors as for sheet_open.
 */
bool sheet_read_preview(struct sheet *sheet, size_t rows, struct arena *arena,
                        struct sheet_preview *out, struct sheet_fault *fault,
                        struct err *err) MUST_USE;
