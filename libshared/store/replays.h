#pragma once

#include "store/store.h"

#include <stdint.h>

/* Which dead letters were sent back (`dlq_replays`, docs/DATA.md). */

struct replay {
    const char *letter; /* "topic|partition|offset" of the letter */
    const char *job_id; /* NULL when the letter names none */
    int64_t now_ms;
    int64_t expires_at_ms; /* when the letter itself is long gone */
};

/* Notes that it was sent back, once more when it was before. */
bool replays_note(struct store_session *session, const struct replay *replay,
                  struct err *err) MUST_USE;

/* When it was sent back last; 0: never. */
bool replays_find(struct store_session *session, const char *letter, int64_t *replayed_at_ms,
                  struct err *err) MUST_USE;
