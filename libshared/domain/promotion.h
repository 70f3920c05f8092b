#pragma once

#include "base/mem.h"

#include <bson/bson.h>
#include <stdint.h>

/* A product's promotions: its own, and those of each of its packaging_options. Pure; results belong
 * to the arena. */

/*
 * promo_code, promo_type and has_active_promo as they follow from all promotions of `content`, in
 * their order, when the row (`sent`) brings promotions or packaging_options. What the row sends
 * itself stays, and a product that never had a promotion gets none of the fields. `current` is the
 * document before the row, NULL when there is none.
 */
const bson_t *promotion_denormalise(struct arena *arena, const bson_t *sent, const bson_t *current,
                                    const bson_t *content);

/* What promotion_spread adds to a product at the most. */
enum { PROMOTION_MAX_SPREAD = 16 * 1024 * 1024 };

/*
 * The product with its own promotions also in those packagings they are for: active ones whose
 * dates contain `now_ms` and whose target_pkg_ids, where there are any, name the packaging. A
 * packaging that has a promotion of the same promo_code and promo_row keeps its own. A product that
 * this could make larger by more than PROMOTION_MAX_SPREAD bytes comes back as it is.
 */
const bson_t *promotion_spread(struct arena *arena, const bson_t *product, int64_t now_ms);
