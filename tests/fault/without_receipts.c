#include "store/receipts.h"

/* No receipt is kept and none is found: a chunk that comes again looks new. */

bool __wrap_receipts_find(struct store_session *session, struct arena *arena,
                          const char *const *ids, size_t count, receipt_each_fn each, void *ctx,
                          struct err *err);
bool __wrap_receipts_insert(struct store_session *session, const struct receipt *receipts,
                            size_t count, int64_t ttl_s, struct err *err);

bool __wrap_receipts_find(struct store_session *session, struct arena *arena,
                          const char *const *ids, size_t count, receipt_each_fn each, void *ctx,
                          struct err *err)
{
    (void)session, (void)arena, (void)ids, (void)count, (void)each, (void)ctx, (void)err;
    return true;
}

bool __wrap_receipts_insert(struct store_session *session, const struct receipt *receipts,
                            size_t count, int64_t ttl_s, struct err *err)
{
    (void)session, (void)receipts, (void)count, (void)ttl_s, (void)err;
    return true;
}
