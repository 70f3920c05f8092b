#include "crash_points.h"

#include "store/store.h"
#include "store/writers.h"

CRASH_POINTS(bool, store_commit, (struct store_session * session, struct err *err), (session, err))

CRASH_POINTS_VOID(store_abort, (struct store_session * session), (session))

CRASH_POINTS(bool, store_insert,
             (struct store_session * session, const char *collection, const bson_t *document,
              struct err *err),
             (session, collection, document, err))

CRASH_POINTS(bool, store_insert_many,
             (struct store_session * session, const char *collection,
              const bson_t *const *documents, size_t count, struct err *err),
             (session, collection, documents, count, err))

CRASH_POINTS(bool, store_replace_many,
             (struct store_session * session, const char *collection,
              const struct store_replacement *replacements, size_t count, struct err *err),
             (session, collection, replacements, count, err))

CRASH_POINTS(bool, store_update,
             (struct store_session * session, const char *collection, const bson_t *filter,
              const bson_t *update, bool upsert, bool *matched, struct err *err),
             (session, collection, filter, update, upsert, matched, err))

CRASH_POINTS(bool, store_find_and_update,
             (struct store_session * session, const char *collection, const bson_t *filter,
              const bson_t *update, bool upsert, bson_t **out, struct err *err),
             (session, collection, filter, update, upsert, out, err))

CRASH_POINTS(bool, store_delete,
             (struct store_session * session, const char *collection, const bson_t *filter,
              bool *deleted, struct err *err),
             (session, collection, filter, deleted, err))

CRASH_POINTS(bool, store_delete_many,
             (struct store_session * session, const char *collection, const bson_t *filter,
              struct err *err),
             (session, collection, filter, err))

CRASH_POINTS(bool, writers_take,
             (struct store_session * session, const char *partition, struct err *err),
             (session, partition, err))
