#pragma once

#include "domain/mapping.h"

/* What a mapping makes of a text. */

/* Puts the transformed value into `out` as "v"; false when the text cannot be read as what is
 * wanted. */
bool mapping_transform(bson_t *out, const struct field_mapping *mapping, const char *text);
