#include "store/attempts.h"

#include "domain/document.h"

#define ATTEMPTS "consume_attempts"

bool attempts_get(struct store_session *session, const char *partition, struct attempt *out,
                  struct err *err)
{
    AUTO(bson) bson_t *stored = NULL;

    if (!store_get(session, ATTEMPTS, partition, &stored, err)) {
        return false;
    }
    *out = (struct attempt){.offset = document_int64(stored, "offset", -1),
                            .last = document_int64(stored, "last", -1),
                            .count = (uint32_t)document_int64(stored, "count", 0)};
    return true;
}

bool attempts_put(struct store_session *session, const char *partition,
                  const struct attempt *attempt, struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(partition));
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "offset", BCON_INT64(attempt->offset), "last",
                              BCON_INT64(attempt->last), "count", BCON_INT64(attempt->count), "}",
                              "$currentDate", "{", "at", BCON_BOOL(true), "}");

    return store_update(session, ATTEMPTS, filter, update, true, NULL, err) ||
           err_context(err, "noting what %s has in hand", partition);
}
