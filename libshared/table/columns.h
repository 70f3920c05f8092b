#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "domain/entity.h"
#include "sheet/sheet.h"

#include <bson/bson.h>

/*
 * How the columns of a file become the fields of a row. A column is named by the field it fills:
 * dots nest ("pricing.list"), a language or an index is a step of the path ("name.en",
 * "images.0.url"). A column that the source maps keeps its name and is moved by the importer, as in
 * a JSON row. Text becomes what the field wants where it can be read as such; where it cannot it
 * stays text, and the rules report it with its path. Empty cells are fields that were not sent.
 *
 * A step into a list of objects without an index ("addresses.city") is filled once per line: lines
 * that follow each other with the same code are one row.
 */

struct columns;

struct columns_options {
    const struct entity *entity;            /* its fields, and what names it */
    const struct import_settings *settings; /* mappings */
};

/* Reads the header. ERR_INVALID: its names cannot be used, and `fault` says which. The plan belongs
 * to the arena; `header` and what `options` points to must outlive it. */
bool columns_plan(struct arena *arena, const struct sheet_row *header,
                  const struct columns_options *options, struct columns **out,
                  struct sheet_fault *fault, struct err *err) MUST_USE;

/* More lines than this with the same code are another row. */
enum { COLUMNS_MAX_LINES = 1000 };

/* Whether lines with the same code belong together: those that follow each other and fit the
 * header. */
bool columns_repeat(const struct columns *columns);

/* The code in a line; absent when there is none. */
struct str columns_code(const struct columns *columns, const struct sheet_row *line);

/* Appends the fields of one row, made of `count` lines, to `out`. */
void columns_write(const struct columns *columns, const struct sheet_row *lines, size_t count,
                   bson_t *out);

/* What an error file has beside the columns that the file came with; a file that brings them all
 * back is read without them. */
enum { ERROR_COLUMNS = 3 };
extern const char *const error_columns[ERROR_COLUMNS];
