#include "support/gen.h"

#include "domain/document.h"

#include <stdio.h>

static const char *const texts[] = {
    "",
    "a",
    "Valvola a sfera 1/2\"",
    "pi\xc3\xb9",
    "\xf0\x9f\x98\x80",
    "line\nbreak",
    "tab\tx",
    "\\",
    "</script>",
    "\xe2\x80\xa8",
    "null",
    "0",
    "\x7f",
    "'quoted'",
    "$where",
    "a.b",
};
static const double doubles[] = {0.1,
                                 19.99,
                                 -0.0,
                                 1e300,
                                 5e-324,
                                 1.7976931348623157e308,
                                 2.5e-8,
                                 1234.5,
                                 1e21,
                                 100.0,
                                 9007199254740993.0,
                                 -3.0};
static const int64_t integers[] = {
    0, 1, -1, INT32_MAX, INT32_MIN, 2147483648LL, -2147483649LL, INT64_MAX, INT64_MIN, 42};

/* Evaluates to one of the list; not to be an argument of BSON_APPEND_UTF8, which evaluates its
 * arguments twice. */
#define PICK(gen, list) (list)[gen_below((gen), sizeof(list) / sizeof((list)[0]))]

struct gen gen_new(uint64_t seed)
{
    return (struct gen){seed ? seed : 1};
}

/* xorshift64*: small, and the same everywhere. */
uint64_t gen_below(struct gen *gen, uint64_t limit)
{
    gen->state ^= gen->state >> 12;
    gen->state ^= gen->state << 25;
    gen->state ^= gen->state >> 27;
    return (gen->state * 2685821657736338717ULL >> 16) % limit;
}

static void append_text(struct gen *gen, bson_t *out, const char *key)
{
    const char *text = PICK(gen, texts);

    BSON_APPEND_UTF8(out, key, text);
}

static void append_random(struct gen *gen, bson_t *out, const char *key, int depth);

static void fill(struct gen *gen, bson_t *out, bool is_array, int depth)
{
    uint64_t count = gen_below(gen, 5);

    for (uint64_t i = 0; i < count; i++) {
        char key[32];

        if (is_array) {
            snprintf(key, sizeof(key), "%u", (unsigned)i);
        } else {
            snprintf(key, sizeof(key), "%s%u", gen_below(gen, 4) ? "k" : "\xc3\xa8 \"",
                     (unsigned)i);
        }
        append_random(gen, out, key, depth);
    }
}

static void append_random(struct gen *gen, bson_t *out, const char *key, int depth)
{
    bson_t inner;

    switch (gen_below(gen, depth > 1 ? 8 : 6)) {
    case 0:
        BSON_APPEND_NULL(out, key);
        break;
    case 1:
        BSON_APPEND_BOOL(out, key, gen_below(gen, 2));
        break;
    case 2:
        BSON_APPEND_DOUBLE(out, key, PICK(gen, doubles));
        break;
    case 3:
        BSON_APPEND_INT64(out, key, PICK(gen, integers));
        break;
    case 4:
    case 5:
        append_text(gen, out, key);
        break;
    case 6:
        BSON_APPEND_DOCUMENT_BEGIN(out, key, &inner);
        fill(gen, &inner, false, depth - 1);
        bson_append_document_end(out, &inner);
        break;
    default:
        BSON_APPEND_ARRAY_BEGIN(out, key, &inner);
        fill(gen, &inner, true, depth - 1);
        bson_append_array_end(out, &inner);
    }
}

const bson_t *gen_document(struct gen *gen, struct arena *arena, int depth)
{
    bson_t *out = document_new(arena);

    fill(gen, out, false, depth);
    return out;
}

static void append_name(struct gen *gen, bson_t *out, const char *key)
{
    bson_t inner;

    if (gen_below(gen, 2)) {
        append_text(gen, out, key);
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, key, &inner);
    if (gen_below(gen, 2)) {
        append_text(gen, &inner, "it");
    }
    append_text(gen, &inner, "en");
    bson_append_document_end(out, &inner);
}

static void append_items(struct gen *gen, bson_t *out, const char *key)
{
    static const char *const types[] = {"image", "video", "document"};
    uint64_t count = gen_below(gen, 4);
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, key, &list);
    for (uint64_t i = 0; i < count; i++) {
        char index[8];
        bson_t item;

        snprintf(index, sizeof(index), "%u", (unsigned)i);
        BSON_APPEND_DOCUMENT_BEGIN(&list, index, &item);
        append_text(gen, &item, "url");
        const char *type = PICK(gen, types);
        BSON_APPEND_UTF8(&item, "type", type);
        bson_append_document_end(&list, &item);
    }
    bson_append_array_end(out, &list);
}

static void append_promotions(struct gen *gen, bson_t *out, const char *key)
{
    static const char *const codes[] = {"SPRING", "BOX", "OVER"};
    uint64_t count = gen_below(gen, 3);
    bson_t list;

    BSON_APPEND_ARRAY_BEGIN(out, key, &list);
    for (uint64_t i = 0; i < count; i++) {
        const char *code = PICK(gen, codes);
        bson_t promotion;

        bson_append_document_begin(&list, i ? "1" : "0", 1, &promotion);
        BSON_APPEND_UTF8(&promotion, "promo_code", code);
        BSON_APPEND_BOOL(&promotion, "is_active", gen_below(gen, 2));
        bson_append_document_end(&list, &promotion);
    }
    bson_append_array_end(out, &list);
}

const bson_t *gen_product(struct gen *gen, struct arena *arena, const char *code)
{
    bson_t *out = document_new(arena);
    bson_t pricing;

    BSON_APPEND_UTF8(out, "entity_code", code);
    if (gen_below(gen, 2)) {
        append_name(gen, out, "name");
    }
    if (gen_below(gen, 2)) {
        append_name(gen, out, "description");
    }
    if (gen_below(gen, 2)) {
        BSON_APPEND_DOUBLE(out, "price", PICK(gen, doubles));
    }
    if (gen_below(gen, 2)) {
        BSON_APPEND_DOCUMENT_BEGIN(out, "pricing", &pricing);
        BSON_APPEND_DOUBLE(&pricing, "list", PICK(gen, doubles));
        bson_append_document_end(out, &pricing);
    }
    if (gen_below(gen, 2)) {
        append_items(gen, out, "media");
    }
    if (gen_below(gen, 2)) {
        append_promotions(gen, out, "promotions");
    }
    if (gen_below(gen, 4) == 0) {
        append_text(gen, out, "parent_sku");
    }
    if (gen_below(gen, 2)) {
        append_random(gen, out, "erp", 4);
    }
    return out;
}
