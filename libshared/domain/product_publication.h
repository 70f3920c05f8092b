#pragma once

#include "domain/entity.h"

/* Whether a version of a product is published: docs/API.md, "Products". Private to product.c. */

struct publication {
    int score; /* completeness, 0 to 100 */
    bool meets_rule;
    bool is_published;
};

/* For a row that makes `content` of `current` (NULL: there is none). */
struct publication publication_decide(const struct row_context *ctx,
                                      const struct identified_row *row, const bson_t *current,
                                      const bson_t *content);

/* For a version that no row of the product makes: only the score is computed anew. */
struct publication publication_keep(const bson_t *current, const bson_t *content);

/* Appends status, published_at and completeness_score. */
void publication_append(const struct publication *publication, const bson_t *current,
                        int64_t now_ms, bson_t *out);
