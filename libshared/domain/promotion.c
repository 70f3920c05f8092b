#include "domain/promotion.h"

#include "base/strmap.h"
#include "domain/array.h"
#include "domain/date.h"
#include "domain/document.h"
#include "domain/settings.h"

#include <math.h>

/* ---- what is stored beside the promotions ---- */

struct summary {
    struct strmap *codes;
    struct strmap *types;
    bool has_any;
    bool has_active;
};

static void note(struct strmap *set, const char *text)
{
    if (text && *text) {
        strmap_put(set, text, set);
    }
}

static void summarise(const bson_t *holder, struct summary *summary)
{
    struct document_list list = document_objects(holder, "promotions");

    for (const bson_t *promotion; (promotion = document_next_object(&list));) {
        note(summary->codes, document_text(promotion, "promo_code"));
        note(summary->types, document_text(promotion, "promo_type"));
        summary->has_any = true;
        summary->has_active = summary->has_active || document_bool(promotion, "is_active", true);
    }
}

static struct summary summary_of(struct arena *arena, const bson_t *content)
{
    struct summary summary = {.codes = strmap_new(arena), .types = strmap_new(arena)};
    struct document_list packagings = document_objects(content, "packaging_options");

    summarise(content, &summary);
    for (const bson_t *packaging; (packaging = document_next_object(&packagings));) {
        summarise(packaging, &summary);
    }
    return summary;
}

static void append_set(bson_t *out, const char *name, const struct strmap *set)
{
    struct array list;
    const char *text;

    array_begin(out, name, &list);
    for (uint32_t i = 0; strmap_at(set, i, &text); i++) {
        array_add_text(&list, str_from(text));
    }
    array_end(&list);
}

const bson_t *promotion_denormalise(struct arena *arena, const bson_t *sent, const bson_t *current,
                                    const bson_t *content)
{
    bson_iter_t field;

    if (!bson_has_field(sent, "promotions") && !bson_has_field(sent, "packaging_options")) {
        return content;
    }
    struct summary summary = summary_of(arena, content);
    bson_t *fields = document_new(arena);

    append_set(fields, "promo_code", summary.codes);
    append_set(fields, "promo_type", summary.types);
    BSON_APPEND_BOOL(fields, "has_active_promo", summary.has_active);
    for (bool more = bson_iter_init(&field, fields) && bson_iter_next(&field); more;
         more = bson_iter_next(&field)) {
        const char *name = bson_iter_key(&field);
        bool is_wanted = summary.has_any || (current && bson_has_field(current, name));

        if (is_wanted && !bson_has_field(sent, name)) {
            content = document_set(arena, content, name, &field);
        }
    }
    return content;
}

/* ---- what readers see in the packagings ---- */

/* What a packaging costs while it is worked on, beside its promotions. */
enum { PACKAGING_OVERHEAD = 4096 };

/* A product-level promotion that runs now. */
struct running {
    const bson_t *promotion;
    const char *identity;
    struct text_list targets;
};

struct running_list {
    struct running *items;
    size_t count;
    size_t bytes;
};

static bool is_running(const bson_t *promotion, int64_t now_ms)
{
    const char *start = document_text(promotion, "start_date");
    const char *end = document_text(promotion, "end_date");
    struct date_span first;
    struct date_span last;

    return document_bool(promotion, "is_active", true) &&
           (!start || !date_read(start, &first) || first.first_ms <= now_ms) &&
           (!end || !date_read(end, &last) || now_ms <= last.last_ms);
}

static size_t count_objects(const bson_t *document, const char *name)
{
    struct document_list list = document_objects(document, name);
    size_t count = 0;

    while (document_next_object(&list)) {
        count++;
    }
    return count;
}

/* What makes two promotions the same; NULL when nothing does. */
static const char *identity(struct arena *arena, const bson_t *promotion)
{
    const char *code = document_text(promotion, "promo_code");

    return code
               ? arena_printf(arena, "%.17g|%s", document_number(promotion, "promo_row", NAN), code)
               : NULL;
}

static struct running_list find_running(struct arena *arena, const bson_t *product, int64_t now_ms)
{
    size_t total = count_objects(product, "promotions");
    struct document_list list = document_objects(product, "promotions");
    struct running_list running = {.items = arena_calloc(arena, total, sizeof(*running.items))};

    for (const bson_t *promotion; (promotion = document_next_object(&list));) {
        if (is_running(promotion, now_ms)) {
            running.items[running.count++] =
                (struct running){document_nested(arena, &list.items), identity(arena, promotion),
                                 document_texts(arena, promotion, "target_pkg_ids")};
            running.bytes += promotion->len;
        }
    }
    return running;
}

static bool is_for(const struct running *running, const char *pkg_id)
{
    return running->targets.count == 0 || (pkg_id && text_list_has(&running->targets, pkg_id));
}

/* A packaging's list of promotions under construction. */
struct spread {
    struct array list;
    struct strmap *seen;
};

static void spread_add(struct spread *spread, const bson_t *promotion, const char *identity_text)
{
    if (identity_text) {
        strmap_put(spread->seen, identity_text, spread);
    }
    array_add_document(&spread->list, promotion);
}

static const bson_t *with_running(struct arena *arena, const bson_t *packaging,
                                  const struct running_list *running)
{
    struct spread spread = {.seen = strmap_new(arena)};
    struct document_list own = document_objects(packaging, "promotions");
    const char *pkg_id = document_text(packaging, "pkg_id");
    bson_t *holder = document_new(arena);
    bson_iter_t value;

    array_begin(holder, "promotions", &spread.list);
    for (const bson_t *promotion; (promotion = document_next_object(&own));) {
        spread_add(&spread, promotion, identity(arena, promotion));
    }
    uint32_t own_count = spread.list.count;

    for (size_t i = 0; i < running->count; i++) {
        const struct running *item = &running->items[i];

        if (is_for(item, pkg_id) && !(item->identity && strmap_get(spread.seen, item->identity))) {
            spread_add(&spread, item->promotion, item->identity);
        }
    }
    array_end(&spread.list);
    bson_iter_init_find(&value, holder, "promotions");
    return spread.list.count == own_count ? packaging
                                          : document_set(arena, packaging, "promotions", &value);
}

const bson_t *promotion_spread(struct arena *arena, const bson_t *product, int64_t now_ms)
{
    struct running_list running = find_running(arena, product, now_ms);
    size_t packagings = count_objects(product, "packaging_options");
    struct document_list list = document_objects(product, "packaging_options");
    bson_iter_t value;
    bson_t array;

    if (packagings == 0 || running.count == 0 ||
        running.bytes + PACKAGING_OVERHEAD > PROMOTION_MAX_SPREAD / packagings) {
        return product;
    }
    bson_t *holder = document_new(arena);

    BSON_APPEND_ARRAY_BEGIN(holder, "packaging_options", &array);
    for (const bson_t *packaging; (packaging = document_next_object(&list));) {
        bson_append_document(&array, bson_iter_key(&list.items), -1,
                             with_running(arena, packaging, &running));
    }
    bson_append_array_end(holder, &array);
    bson_iter_init_find(&value, holder, "packaging_options");
    return document_set(arena, product, "packaging_options", &value);
}
