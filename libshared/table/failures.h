#pragma once

#include "sheet/writer.h"
#include "table/columns.h"

/*
 * The rows of a file that failed, as a file of the same columns and three more that say why
 * (error_columns). Corrected and sent again, it imports just these rows.
 */

/* A row that failed: the line of data in which it starts, and all that is wrong with it. */
struct failed_row {
    uint64_t number;
    const char *codes; /* each list is separated by "; " */
    const char *errors;
    const char *paths;
};

/* Hands out the failed rows in ascending order of their numbers, valid until the next call; *end
 * when there are no more. */
typedef bool (*failed_row_fn)(void *ctx, struct failed_row *out, bool *end, struct err *err);

struct failures_options {
    struct sheet *sheet; /* the file that came, just opened */
    const struct columns_options *columns;
    struct sheet_writer *writer;
    failed_row_fn next;
    void *ctx;
};

/* Writes the whole file. A fault of the sheet ends it there: what was tried stood before it. */
bool failures_write(const struct failures_options *options, struct err *err) MUST_USE;
