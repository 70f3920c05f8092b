#pragma once

#include "domain/entity.h"
#include "domain/field.h"

/* The address rules of the companies import. */

extern const struct field_table address_fields;

/*
 * `content` with its addresses settled: in partial mode (`old` not NULL) those that were sent are
 * laid over the old ones by external_code, else they stand alone; defaults are filled in; an
 * address without street, city or province is dropped with a warning. Returns `content` itself when
 * the row sent no addresses.
 */
const bson_t *addresses_apply(const struct row_context *ctx, const bson_t *old, const bson_t *sent,
                              const bson_t *content);
