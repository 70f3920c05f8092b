#include "domain/packaging.h"

#include "base/strmap.h"
#include "domain/array.h"
#include "domain/document.h"

#include <math.h>
#include <stdio.h>

enum { KINDS = 3 };

static const struct {
    const char *name;
    const char *unit;
    const char *price_path;
    const char *unit_path;
    const char *discount_path;
} kinds[KINDS] = {
    {"list", "list_unit", "pricing.list", "pricing.list_unit", "pricing.list_discount_pct"},
    {"retail", "retail_unit", "pricing.retail", "pricing.retail_unit", NULL},
    {"sale", "sale_unit", "pricing.sale", "pricing.sale_unit", "pricing.sale_discount_pct"},
};

/* NAN stands for a number that is not known. */
struct packaging {
    const char *code;
    const char *price_ref;
    struct packaging *ref; /* NULL: none, or `fault` says why not */
    const char *fault;     /* NULL: none */
    size_t walk;           /* the search for circles that came by first; 0: none yet */
    double qty;
    double unit[KINDS];
    double factor[KINDS]; /* to the unit prices of `ref` */
    bool is_priced;       /* `unit` is final */
};

struct packagings {
    struct packaging *items;
    size_t count;
};

/* ---- price_ref ---- */

static struct packagings read_refs(struct arena *arena, const bson_t *holder)
{
    struct document_list list = document_objects(holder, "packaging_options");
    struct packagings all = {0};

    while (document_next_object(&list)) {
        all.count++;
    }
    all.items = arena_calloc(arena, all.count, sizeof(*all.items));
    list = document_objects(holder, "packaging_options");
    for (size_t i = 0; i < all.count; i++) {
        const bson_t *fields = document_next_object(&list);

        all.items[i].code = document_text(fields, "code");
        all.items[i].price_ref = document_text(fields, "pricing.price_ref");
    }
    return all;
}

static void follow_codes(struct arena *arena, struct packagings *all)
{
    struct strmap *by_code = strmap_new(arena);

    for (size_t i = 0; i < all->count; i++) {
        struct packaging *item = &all->items[i];

        if (item->code && !strmap_get(by_code, item->code)) {
            strmap_put(by_code, item->code, item);
        }
    }
    for (size_t i = 0; i < all->count; i++) {
        struct packaging *item = &all->items[i];
        struct packaging *named = item->price_ref ? strmap_get(by_code, item->price_ref) : NULL;

        if (named == item) {
            item->fault = "names its own packaging";
        } else if (named) {
            item->ref = named;
        } else if (item->price_ref) {
            item->fault = "names no packaging of this product";
        }
    }
}

static void cut_circle(struct packaging *item)
{
    while (item->ref) {
        struct packaging *next = item->ref;

        item->ref = NULL;
        item->fault = "leads back to its own packaging";
        item = next;
    }
}

/* A walk that meets its own track has found a circle. */
static void cut_circles(struct packagings *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct packaging *item = &all->items[i];

        while (item && !item->walk) {
            item->walk = i + 1;
            item = item->ref;
        }
        if (item && item->walk == i + 1) {
            cut_circle(item);
        }
    }
}

static struct packagings resolve(struct arena *arena, const bson_t *holder)
{
    struct packagings all = read_refs(arena, holder);

    follow_codes(arena, &all);
    cut_circles(&all);
    return all;
}

void packaging_check_refs(struct findings *findings, const bson_t *row)
{
    struct packagings all = resolve(findings->arena, row);
    struct document_list list = document_objects(row, "packaging_options");

    for (size_t i = 0; i < all.count; i++) {
        char path[80];

        document_next_object(&list);
        snprintf(path, sizeof(path), "/packaging_options/%s/pricing/price_ref",
                 bson_iter_key(&list.items));
        if (all.items[i].fault) {
            findings_add(findings, PROBLEM_price_ref_unresolved, path, "%s %s", path + 1,
                         all.items[i].fault);
        }
    }
}

/* ---- prices ---- */

static void read_own_prices(struct packaging *item, const bson_t *fields)
{
    double qty = document_number(fields, "qty", NAN);

    item->qty = qty > 0 ? qty : NAN;
    for (size_t k = 0; k < KINDS; k++) {
        const char *discount = kinds[k].discount_path;
        double price = document_number(fields, kinds[k].price_path, NAN);

        item->unit[k] = document_number(fields, kinds[k].unit_path, price / item->qty);
        item->factor[k] = 1 - (discount ? document_number(fields, discount, 0) : 0) / 100;
    }
}

static void price_by_ref(struct packaging *item)
{
    for (size_t k = 0; item->ref && k < KINDS; k++) {
        if (isnan(item->unit[k])) {
            item->unit[k] = item->ref->unit[k] * item->factor[k];
        }
    }
    item->is_priced = true;
}

/* From the far end of each chain of references to its beginning; without recursion, because a
 * partner decides how long a chain is. */
static void price_all(struct arena *arena, struct packagings *all)
{
    struct packaging **chain = arena_calloc(arena, all->count, sizeof(struct packaging *));

    for (size_t i = 0; i < all->count; i++) {
        size_t n = 0;

        for (struct packaging *p = &all->items[i]; p && !p->is_priced; p = p->ref) {
            chain[n++] = p;
        }
        while (n > 0) {
            price_by_ref(chain[--n]);
        }
    }
}

static void append_price(bson_t *out, const char *name, const bson_iter_t *own, double computed)
{
    double rounded = round(computed * 10000) / 10000;

    if (own) {
        bson_append_iter(out, name, -1, own);
    } else if (isfinite(rounded)) {
        bson_append_double(out, name, -1, rounded);
    }
}

static const bson_iter_t *own_number(const bson_t *fields, const char *path, bson_iter_t *at)
{
    return document_find(fields, path, at) && BSON_ITER_HOLDS_NUMBER(at) ? at : NULL;
}

static void append_packaging(bson_t *out, const struct packaging *item, const bson_t *fields)
{
    static const char *const names[] = {"pkg_id", "code", "qty"};
    bson_iter_t at;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (bson_iter_init_find(&at, fields, names[i])) {
            bson_append_iter(out, names[i], -1, &at);
        }
    }
    for (size_t k = 0; k < KINDS; k++) {
        append_price(out, kinds[k].name, own_number(fields, kinds[k].price_path, &at),
                     item->unit[k] * item->qty);
    }
    for (size_t k = 0; k < KINDS; k++) {
        append_price(out, kinds[k].unit, own_number(fields, kinds[k].unit_path, &at),
                     item->unit[k]);
    }
}

void packaging_append_prices(struct arena *arena, bson_t *out, const bson_t *product)
{
    struct packagings all = resolve(arena, product);
    struct document_list list = document_objects(product, "packaging_options");
    struct array prices;
    bson_t item;

    if (all.count == 0) {
        return;
    }
    for (size_t i = 0; i < all.count; i++) {
        read_own_prices(&all.items[i], document_next_object(&list));
    }
    price_all(arena, &all);
    list = document_objects(product, "packaging_options");
    array_begin(out, "packaging_prices", &prices);
    for (size_t i = 0; i < all.count; i++) {
        array_begin_document(&prices, &item);
        append_packaging(&item, &all.items[i], document_next_object(&list));
        array_end_document(&prices, &item);
    }
    array_end(&prices);
}
