#pragma once

#include "domain/field.h"

/* All product fields of the product import reference. */
extern const struct field_table product_fields;
