#pragma once

#include "domain/field.h"

/* The fields of the entities that products refer to, as the product import reference shows their
 * snapshots. */
extern const struct field_table brand_fields;
extern const struct field_table category_fields;
extern const struct field_table collection_fields;
extern const struct field_table product_type_fields;
extern const struct field_table synonym_dictionary_fields;
