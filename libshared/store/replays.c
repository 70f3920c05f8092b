#include "store/replays.h"

#include "domain/stored.h"

#define REPLAYS "dlq_replays"

bool replays_note(struct store_session *session, const struct replay *replay, struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("_id", BCON_UTF8(replay->letter));
    AUTO(bson)
    bson_t *update = BCON_NEW(
        "$set", "{", "job_id", BCON_UTF8(replay->job_id ? replay->job_id : ""), "replayed_at",
        BCON_DATE_TIME(replay->now_ms), "expires_at", BCON_DATE_TIME(replay->expires_at_ms), "}",
        "$inc", "{", "times", BCON_INT64(1), "}");

    return store_update(session, REPLAYS, filter, update, true, NULL, err);
}

bool replays_find(struct store_session *session, const char *letter, int64_t *replayed_at_ms,
                  struct err *err)
{
    AUTO(bson) bson_t *stored = NULL;

    *replayed_at_ms = 0;
    if (!store_get(session, REPLAYS, letter, &stored, err)) {
        return err->kind == ERR_NOT_FOUND;
    }
    *replayed_at_ms = stored_date(stored, "replayed_at", 0);
    return true;
}
