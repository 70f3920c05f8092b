#include "domain/product_publication.h"

#include "domain/document.h"

#include <string.h>

struct score_rule {
    int points;
    const char *paths[2]; /* any of them with content earns the points */
};

static const struct score_rule score_rules[] = {
    {20, {"name", NULL}},   {20, {"description", NULL}}, {20, {"price", "pricing.list"}},
    {20, {"images", NULL}}, {10, {"brand", NULL}},       {10, {"category", NULL}},
};

static int completeness(const bson_t *content)
{
    int score = 0;

    for (size_t i = 0; i < sizeof(score_rules) / sizeof(score_rules[0]); i++) {
        const struct score_rule *rule = &score_rules[i];

        if (document_holds(content, rule->paths[0]) ||
            (rule->paths[1] && document_holds(content, rule->paths[1]))) {
            score += rule->points;
        }
    }
    return score;
}

static bool holds_all(const bson_t *content, const struct text_list *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (!document_holds(content, paths->items[i])) {
            return false;
        }
    }
    return true;
}

/* The rule of auto-publish: the product's own settings go before the source's; both lists of
 * required fields hold. */
static bool meets_publish_rule(const struct row_context *ctx, const bson_t *content, int score)
{
    const struct import_settings *settings = ctx->settings;
    struct text_list required = document_texts(ctx->arena, content, "required_fields");

    return document_bool(content, "auto_publish_enabled", settings->auto_publish_enabled) &&
           score >=
               document_number(content, "min_score_threshold", settings->min_score_threshold) &&
           holds_all(content, &settings->required_fields) && holds_all(content, &required);
}

static bool was_published(const bson_t *current)
{
    const char *status = current ? document_text(current, "status") : NULL;

    return status && strcmp(status, "published") == 0;
}

/* True when the row asks for a draft; a locked auto_publish_enabled is not the row's to ask with.
 */
static bool asks_for_draft(const bson_t *row, const bson_t *content)
{
    const char *status = document_text(row, "status");

    return (status && strcmp(status, "draft") == 0) ||
           !document_bool(content, "auto_publish_enabled", true);
}

struct publication publication_decide(const struct row_context *ctx,
                                      const struct identified_row *row, const bson_t *current,
                                      const bson_t *content)
{
    int score = completeness(content);
    bool meets_rule = meets_publish_rule(ctx, content, score);

    return (struct publication){
        .score = score,
        .meets_rule = meets_rule,
        .is_published =
            meets_rule || (was_published(current) && !asks_for_draft(row->row, content)),
    };
}

struct publication publication_keep(const bson_t *current, const bson_t *content)
{
    return (struct publication){.score = completeness(content),
                                .is_published = was_published(current)};
}

void publication_append(const struct publication *publication, const bson_t *current,
                        int64_t now_ms, bson_t *out)
{
    bson_iter_t published_at;

    BSON_APPEND_UTF8(out, "status", publication->is_published ? "published" : "draft");
    if (publication->is_published) {
        if (current && bson_iter_init_find(&published_at, current, "published_at") &&
            BSON_ITER_HOLDS_DATE_TIME(&published_at)) {
            bson_append_iter(out, "published_at", -1, &published_at);
        } else {
            BSON_APPEND_DATE_TIME(out, "published_at", now_ms);
        }
    } else {
        BSON_APPEND_NULL(out, "published_at");
    }
    BSON_APPEND_INT32(out, "completeness_score", publication->score);
}
