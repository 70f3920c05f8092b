#include "domain/variant.h"

#include "domain/document.h"

static bool holds_text(const bson_t *content, const char *name)
{
    const char *text = document_text(content, name);

    return text && *text;
}

bool variant_is(const bson_t *content)
{
    return holds_text(content, "parent_entity_code") || holds_text(content, "parent_sku");
}

const bson_t *variant_follow_parent(struct arena *arena, const bson_t *sent, const bson_t *old,
                                    const bson_t *merged)
{
    bool is_variant = variant_is(merged);
    bson_iter_t value;

    if (bson_has_field(sent, "is_parent") || is_variant == variant_is(old)) {
        return merged;
    }
    bson_t *holder = document_new(arena);

    BSON_APPEND_BOOL(holder, "is_parent", !is_variant);
    bson_iter_init_find(&value, holder, "is_parent");
    return document_set(arena, merged, "is_parent", &value);
}

void variant_check_parent(struct findings *findings, const bson_t *sent, const bson_t *content)
{
    if (!document_bool(sent, "is_parent", true) && !variant_is(content)) {
        findings_add(findings, PROBLEM_parent_missing, "/is_parent",
                     "is_parent is false, but neither parent_entity_code nor parent_sku is given");
    }
}
