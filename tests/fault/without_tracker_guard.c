#include "message/message.h"
#include "store/store.h"

#include <string.h>

/*
 * The tracker folds any chunk of a live job, whichever the lane waits for. Reading the lane's
 * unknown fields looks at the same guard, so chunks seem to have none.
 */

bool __real_chunk_done_decode(struct arena *arena, struct str bytes, struct chunk_done *out,
                              struct err *err);
bool __real_store_find_and_update(struct store_session *session, const char *collection,
                                  const bson_t *filter, const bson_t *update, bool upsert,
                                  bson_t **out, struct err *err);
bool __wrap_chunk_done_decode(struct arena *arena, struct str bytes, struct chunk_done *out,
                              struct err *err);
bool __wrap_store_find_and_update(struct store_session *session, const char *collection,
                                  const bson_t *filter, const bson_t *update, bool upsert,
                                  bson_t **out, struct err *err);

bool __wrap_chunk_done_decode(struct arena *arena, struct str bytes, struct chunk_done *out,
                              struct err *err)
{
    if (!__real_chunk_done_decode(arena, bytes, out, err)) {
        return false;
    }
    out->unknown.count = 0;
    return true;
}

bool __wrap_store_find_and_update(struct store_session *session, const char *collection,
                                  const bson_t *filter, const bson_t *update, bool upsert,
                                  bson_t **out, struct err *err)
{
    bson_t unguarded = BSON_INITIALIZER;
    bson_iter_t it;

    for (bool more = bson_iter_init(&it, filter); more && bson_iter_next(&it);) {
        if (strncmp(bson_iter_key(&it), "next_chunk.", strlen("next_chunk.")) != 0) {
            bson_append_iter(&unguarded, NULL, 0, &it);
        }
    }
    bool ok =
        __real_store_find_and_update(session, collection, &unguarded, update, upsert, out, err);

    bson_destroy(&unguarded);
    return ok;
}
