#pragma once

#include "base/mem.h"
#include "domain/finding.h"

#include <bson/bson.h>
#include <stdbool.h>

/* A variant is a product that names a parent: parent_entity_code or parent_sku. */
bool variant_is(const bson_t *content);

/* Partial mode: a product that gets or loses its parent by a row that is silent on is_parent
 * (`sent`) changes is_parent with it; `old` is the content before the row, `merged` that after. */
const bson_t *variant_follow_parent(struct arena *arena, const bson_t *sent, const bson_t *old,
                                    const bson_t *merged);

/* Warns when the row says is_parent: false, and the product it makes (`content`) has no parent. */
void variant_check_parent(struct findings *findings, const bson_t *sent, const bson_t *content);
