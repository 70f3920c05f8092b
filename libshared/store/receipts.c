#include "store/receipts.h"

#include "domain/array.h"
#include "domain/document.h"
#include "domain/stored.h"
#include "domain/unknown.h"

#include <stdio.h>

static const char COLLECTION[] = "import_receipts";

static const struct {
    const char *name;
    size_t offset;
} count_fields[] = {
    {"successful", offsetof(struct chunk_counts, successful)},
    {"failed", offsetof(struct chunk_counts, failed)},
    {"created", offsetof(struct chunk_counts, created)},
    {"unchanged", offsetof(struct chunk_counts, unchanged)},
    {"published", offsetof(struct chunk_counts, published)},
    {"errors", offsetof(struct chunk_counts, errors)},
    {"warnings", offsetof(struct chunk_counts, warnings)},
    {"search_batches", offsetof(struct chunk_counts, search_batches)},
    {"search_items", offsetof(struct chunk_counts, search_items)},
};

enum { COUNT_FIELDS = sizeof(count_fields) / sizeof(count_fields[0]) };

static uint32_t *count_at(struct chunk_counts *counts, size_t field)
{
    return (uint32_t *)(void *)((char *)counts + count_fields[field].offset);
}

char *receipt_id(struct arena *arena, const struct message_origin *origin)
{
    return ID_JOIN(arena, origin->job_id, arena_printf(arena, "%u", origin->chunk));
}

static void append_items(bson_t *out, const struct receipt *receipt)
{
    struct array list;
    bson_t item;

    array_begin(out, "search", &list);
    for (uint32_t i = 0; i < receipt->counts.search_items; i++) {
        array_begin_document(&list, &item);
        BSON_APPEND_UTF8(&item, "code", receipt->items[i].code);
        BSON_APPEND_INT64(&item, "version", receipt->items[i].version);
        array_end_document(&list, &item);
    }
    array_end(&list);
}

static const bson_t *to_document(struct arena *arena, const struct receipt *receipt, int64_t ttl_s)
{
    const struct message_origin *origin = &receipt->origin;
    struct chunk_counts copy = receipt->counts;
    const char *id = receipt_id(arena, origin);
    bson_t *out = document_new(arena);
    bson_t counts;

    BSON_APPEND_UTF8(out, "_id", id);
    BSON_APPEND_UTF8(out, "tenant", origin->tenant);
    BSON_APPEND_UTF8(out, "entity", origin->entity);
    BSON_APPEND_UTF8(out, "job_id", origin->job_id);
    BSON_APPEND_INT64(out, "chunk", origin->chunk);
    BSON_APPEND_INT64(out, "lane", origin->lane);
    BSON_APPEND_INT64(out, "lanes", origin->lanes);
    BSON_APPEND_UTF8(out, "trace_id", origin->trace_id);
    BSON_APPEND_DOCUMENT_BEGIN(out, "counts", &counts);
    for (size_t i = 0; i < COUNT_FIELDS; i++) {
        BSON_APPEND_INT64(&counts, count_fields[i].name, *count_at(&copy, i));
    }
    bson_append_document_end(out, &counts);
    unknown_append(out, "unknown_fields", &receipt->unknown);
    BSON_APPEND_DATE_TIME(out, "started_at", receipt->started_at_ms);
    BSON_APPEND_DATE_TIME(out, "finished_at", receipt->finished_at_ms);
    if (receipt->scan_after) {
        BSON_APPEND_UTF8(out, "scan_after", receipt->scan_after);
    }
    append_items(out, receipt);
    BSON_APPEND_DATE_TIME(out, "expires_at", receipt->finished_at_ms + ttl_s * 1000);
    return out;
}

bool receipts_insert(struct store_session *session, const struct receipt *receipts, size_t count,
                     int64_t ttl_s, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    const bson_t **documents = arena_calloc(arena, count, sizeof(*documents));

    for (size_t i = 0; i < count; i++) {
        documents[i] = to_document(arena, &receipts[i], ttl_s);
    }
    return store_insert_many(session, COLLECTION, documents, count, err);
}

static const char *copy_text(struct arena *arena, const bson_t *document, const char *key)
{
    const char *text = document_text(document, key);

    return arena_strdup(arena, text ? text : "");
}

static void read_items(struct arena *arena, const bson_t *document, struct receipt *out)
{
    bson_iter_t list;
    bson_iter_t it;
    uint32_t count = 0;

    out->items = arena_calloc(arena, out->counts.search_items, sizeof(*out->items));
    if (!bson_iter_init_find(&list, document, "search") || !bson_iter_recurse(&list, &it)) {
        out->counts.search_items = 0;
        return;
    }
    while (count < out->counts.search_items && bson_iter_next(&it)) {
        const bson_t *item = document_nested(arena, &it);

        out->items[count].code = copy_text(arena, item, "code");
        out->items[count].version = document_int64(item, "version", 0);
        count++;
    }
    out->counts.search_items = count;
}

static void read_receipt(struct arena *arena, const bson_t *document, struct receipt *out)
{
    const char *after = document_text(document, "scan_after");

    *out = (struct receipt){
        .origin = {.job_id = copy_text(arena, document, "job_id"),
                   .tenant = copy_text(arena, document, "tenant"),
                   .entity = copy_text(arena, document, "entity"),
                   .chunk = (uint32_t)document_int64(document, "chunk", 0),
                   .lane = (uint32_t)document_int64(document, "lane", 0),
                   .lanes = (uint32_t)document_int64(document, "lanes", 1),
                   .trace_id = copy_text(arena, document, "trace_id")},
        .started_at_ms = stored_date(document, "started_at", 0),
        .finished_at_ms = stored_date(document, "finished_at", 0),
        .scan_after = after ? arena_strdup(arena, after) : NULL,
    };
    for (size_t i = 0; i < COUNT_FIELDS; i++) {
        char path[64];

        snprintf(path, sizeof(path), "counts.%s", count_fields[i].name);
        *count_at(&out->counts, i) = (uint32_t)document_int64(document, path, 0);
    }
    out->unknown.arena = arena;
    unknown_add_stored(&out->unknown, document, "unknown_fields");
    read_items(arena, document, out);
}

struct search {
    struct arena *arena;
    receipt_each_fn each;
    void *ctx;
};

static bool on_found(void *ctx, const bson_t *document)
{
    const struct search *search = ctx;
    struct receipt receipt;

    read_receipt(search->arena, document, &receipt);
    search->each(search->ctx, &receipt);
    return true;
}

bool receipts_find(struct store_session *session, struct arena *arena, const char *const *ids,
                   size_t count, receipt_each_fn each, void *ctx, struct err *err)
{
    struct search search = {arena, each, ctx};

    return store_find_ids(session, COLLECTION, ids, count, on_found, &search, err);
}
