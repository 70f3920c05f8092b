#pragma once

#include "base/mem.h"
#include "base/str.h"
#include "sheet/sheet.h"

/* Limits that no ordinary table meets. */
extern const struct sheet_limits table_limits;

/* A file in memory, that the caller closes; it stands at its start. */
int table_file(struct str content);

/*
 * All that comes out of a table, as text to compare with. The header, then each row with its
 * number; one cell is one pair of brackets: "[sku][name]\n1[A-1][Valve]\n". A fault ends it:
 * "CSV_UNBALANCED_QUOTE 3:2\n", with line and column; a row that does not fit the header is told in
 * its place: "2 CSV_INCONSISTENT_RECORD_LENGTH 3:4\n". options->fd is borrowed. It is read by a
 * process of its own, as in the product, and once more in this one: the same has to come out.
 */
const char *table_read(struct arena *arena, const struct sheet_options *options);

/* In this process only, for tests that read thousands of tables. */
const char *table_parse(struct arena *arena, const struct sheet_options *options);
