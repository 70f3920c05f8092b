#include "domain/address.h"

#include "domain/array.h"
#include "domain/document.h"

#include <string.h>

static const char *const address_types[] = {"delivery", "billing", "both", NULL};

static const struct field address_field_list[] = {
    {"address_type", FIELD_TEXT, NULL, address_types},
    {"city", FIELD_TEXT, NULL, NULL},
    {"country", FIELD_TEXT, NULL, NULL},
    {"delivery_notes", FIELD_TEXT, NULL, NULL},
    {"external_code", FIELD_TEXT, NULL, NULL},
    {"is_default", FIELD_BOOLEAN, NULL, NULL},
    {"label", FIELD_TEXT, NULL, NULL},
    {"phone", FIELD_TEXT, NULL, NULL},
    {"postal_code", FIELD_TEXT, NULL, NULL},
    {"province", FIELD_TEXT, NULL, NULL},
    {"recipient_name", FIELD_TEXT, NULL, NULL},
    {"street_address", FIELD_TEXT, NULL, NULL},
    {"street_address_2", FIELD_TEXT, NULL, NULL},
    {"tag_overrides", FIELD_TEXTS, NULL, NULL},
};

const struct field_table address_fields = {address_field_list, sizeof(address_field_list) /
                                                                   sizeof(address_field_list[0])};

/* The addresses of a company while they are being merged. `origin` is the index in the row, -1 for
 * an old one. */
struct entry {
    const bson_t *address;
    int origin;
};

struct entries {
    struct entry *items;
    size_t count;
};

static bool has_text(const bson_t *address, const char *key)
{
    const char *text = document_text(address, key);

    return text && *text;
}

static struct entry *find_by_code(const struct entries *entries, const char *code)
{
    for (size_t i = 0; i < entries->count; i++) {
        const char *other = document_text(entries->items[i].address, "external_code");

        if (other && strcmp(other, code) == 0) {
            return &entries->items[i];
        }
    }
    return NULL;
}

static size_t list_length(const bson_t *document)
{
    bson_iter_t list;
    bson_iter_t it;
    size_t count = 0;

    if (document && document_find(document, "addresses", &list) && BSON_ITER_HOLDS_ARRAY(&list) &&
        bson_iter_recurse(&list, &it)) {
        while (bson_iter_next(&it)) {
            count++;
        }
    }
    return count;
}

static void add_old(struct arena *arena, struct entries *entries, const bson_t *old)
{
    bson_iter_t list;
    bson_iter_t it;

    if (!old || !document_find(old, "addresses", &list) || !BSON_ITER_HOLDS_ARRAY(&list)) {
        return;
    }
    for (bool more = bson_iter_recurse(&list, &it) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (BSON_ITER_HOLDS_DOCUMENT(&it)) {
            entries->items[entries->count++] = (struct entry){document_nested(arena, &it), -1};
        }
    }
}

/* Lays the sent addresses over what is there; without `by_code` each one stands for itself. */
static void add_sent(struct arena *arena, struct entries *entries, bson_iter_t *it, bool by_code)
{
    for (int origin = 0; bson_iter_next(it); origin++) {
        if (!BSON_ITER_HOLDS_DOCUMENT(it)) {
            continue;
        }
        const bson_t *address = document_nested(arena, it);
        const char *code = document_text(address, "external_code");
        struct entry *twin = by_code && code && *code ? find_by_code(entries, code) : NULL;

        if (twin) {
            *twin = (struct entry){document_merge(arena, twin->address, address), origin};
        } else {
            entries->items[entries->count++] = (struct entry){address, origin};
        }
    }
}

static const bson_t *with_defaults(const struct row_context *ctx, const struct entry *entry)
{
    bson_t *out = document_new(ctx->arena);
    const bson_t *address = entry->address;

    if (bson_has_field(address, "tag_overrides") && !has_text(address, "external_code")) {
        bson_copy_to_excluding_noinit(address, out, "tag_overrides", NULL);
        findings_add(ctx->findings, PROBLEM_tag_overrides_ignored,
                     arena_printf(ctx->arena, "/addresses/%d/tag_overrides", entry->origin),
                     "tag_overrides need an external_code on the address");
    } else {
        bson_concat(out, address);
    }
    if (!bson_has_field(address, "address_type")) {
        BSON_APPEND_UTF8(out, "address_type", "delivery");
    }
    if (!bson_has_field(address, "postal_code")) {
        BSON_APPEND_UTF8(out, "postal_code", "");
    }
    if (!bson_has_field(address, "country")) {
        BSON_APPEND_UTF8(out, "country", "IT");
    }
    if (!bson_has_field(address, "is_default")) {
        BSON_APPEND_BOOL(out, "is_default", false);
    }
    return out;
}

static bool is_complete(const bson_t *address)
{
    return has_text(address, "street_address") && has_text(address, "city") &&
           has_text(address, "province");
}

static const bson_t *list_of(const struct row_context *ctx, const struct entries *entries)
{
    bson_t *holder = document_new(ctx->arena);
    struct array list;

    array_begin(holder, "addresses", &list);
    for (size_t i = 0; i < entries->count; i++) {
        const struct entry *entry = &entries->items[i];

        if (!is_complete(entry->address)) {
            findings_add(ctx->findings, PROBLEM_address_dropped,
                         arena_printf(ctx->arena, "/addresses/%d", entry->origin),
                         "the address has no street_address, city or province and is not stored");
            continue;
        }
        array_add_document(&list, with_defaults(ctx, entry));
    }
    array_end(&list);
    return holder;
}

const bson_t *addresses_apply(const struct row_context *ctx, const bson_t *old, const bson_t *sent,
                              const bson_t *content)
{
    struct entries entries = {0};
    bson_iter_t list;
    bson_iter_t it;

    if (!document_find(sent, "addresses", &list) || !BSON_ITER_HOLDS_ARRAY(&list) ||
        !bson_iter_recurse(&list, &it)) {
        return content;
    }
    entries.items =
        arena_calloc(ctx->arena, list_length(old) + list_length(sent), sizeof(*entries.items));
    add_old(ctx->arena, &entries, old);
    add_sent(ctx->arena, &entries, &it, old != NULL);

    const bson_t *holder = list_of(ctx, &entries);
    bson_iter_init_find(&list, holder, "addresses");
    return document_set(ctx->arena, content, "addresses", &list);
}
