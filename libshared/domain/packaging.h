#pragma once

#include "base/mem.h"
#include "domain/finding.h"

#include <bson/bson.h>

/* The prices of a product's packaging_options. A packaging gives them itself, or names in
 * pricing.price_ref the code of another packaging whose unit prices it takes. Pure. */

/* Warns of each price_ref of `row` (in stored form) that names no packaging, its own, or one of a
 * circle. Where a code stands twice, the first packaging is meant. */
void packaging_check_refs(struct findings *findings, const bson_t *row);

/*
 * Appends packaging_prices, a list of {pkg_id, code, qty, list, retail, sale, list_unit,
 * retail_unit, sale_unit} in the order of packaging_options; nothing when the product has none.
 * What a packaging gives itself is copied. What follows from the other prices or from its price_ref
 * is rounded to 4 decimals; what nothing is known of is left out.
 */
void packaging_append_prices(struct arena *arena, bson_t *out, const bson_t *product);
