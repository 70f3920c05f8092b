#pragma once

#include "base/tally.h"
#include "message/message.h"
#include "store/store.h"

/*
 * What one chunk did, stored in the transaction that did it (`import_receipts`, docs/DATA.md).
 * Whoever meets the chunk again finds it here and writes nothing. All that is published about a
 * chunk comes from its receipt.
 */
struct receipt {
    struct message_origin origin;
    struct chunk_counts counts;
    struct name_tally unknown; /* fields in no table */
    int64_t started_at_ms;
    int64_t finished_at_ms;
    const char *scan_after; /* of a page: the code that the next one starts behind; NULL: no more */
    struct search_item *items; /* counts.search_items of them, in row order */
};

/* Calls `each` for the receipts among `ids` that exist; the receipt and its texts live in `arena`.
 */
typedef void (*receipt_each_fn)(void *ctx, const struct receipt *receipt);
bool receipts_find(struct store_session *session, struct arena *arena, const char *const *ids,
                   size_t count, receipt_each_fn each, void *ctx, struct err *err) MUST_USE;

/* The _id of the receipt of a chunk. */
char *receipt_id(struct arena *arena, const struct message_origin *origin);

/* Inserts them; ERR_CONFLICT when one exists. They expire `ttl_s` seconds after they were finished.
 */
bool receipts_insert(struct store_session *session, const struct receipt *receipts, size_t count,
                     int64_t ttl_s, struct err *err) MUST_USE;
