#pragma once

#include "base/mem.h"

#include <bson/bson.h>
#include <stdint.h>

struct entity;
struct import_settings;

/* What the lane of a row follows from. */
struct lane_query {
    const struct entity *entity;
    const struct import_settings *settings;
    uint32_t lanes;
};

/* The lane that keeps all rows of the same code in order, the code being the one that the importer
 * will find in the row. A row without a code makes no document, so any lane will do. Uses `arena`
 * for scratch. */
uint32_t lane_of_row(struct arena *arena, const struct lane_query *query, const bson_t *row);
