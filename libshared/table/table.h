#pragma once

#include "table/columns.h"

/*
 * Rows out of a file, as if they had come as JSON: a sheet read under its columns. Lines that
 * belong together (table/columns.h) come as one row.
 */

struct table;

struct config;

/* What a file may have, by the settings. */
struct sheet_limits table_limits_of(const struct config *config);

struct table_options {
    struct sheet_options sheet;
    struct columns_options columns;
};

/* ERR_INVALID: the file or its header cannot be used, and `fault` tells its owner. Other kinds as
 * for sheet_open. What `options` points to is borrowed. */
bool table_open(const struct table_options *options, struct table **out, struct sheet_fault *fault,
                struct err *err) MUST_USE;
void table_close(struct table *table);
DEFINE_AUTO(table, struct table, table_close)

/* Valid until the next call. */
struct table_row {
    uint64_t number;       /* 1-based line of data in which it starts */
    const bson_t *content; /* NULL: the line has cells beside the columns */
    const char *misfit;    /* then: what is wrong with it, for its owner */
};

/* The next row, or *end. Errors as for table_open. */
bool table_next(struct table *table, struct table_row *row, bool *end, struct sheet_fault *fault,
                struct err *err) MUST_USE;
