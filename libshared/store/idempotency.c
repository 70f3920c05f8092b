#include "store/idempotency.h"

#include "domain/document.h"
#include "domain/stored.h"

#include <string.h>

static const char keys[] = "idempotency_keys";

/* Rounds of "insert, else read, else gone": each needs another request to end exactly between the
 * two. */
enum { CLAIM_ROUNDS = 4 };

static const char *text_at(const bson_t *record, const char *key)
{
    const char *text = document_text(record, key);

    return text ? text : "";
}

static char *key_id(struct arena *arena, const struct idempotency_key *key)
{
    return ID_JOIN(arena, key->tenant, key->key);
}

static bool insert_claim(struct store_session *session, const struct idempotency_request *request,
                         const char *id, struct err *err)
{
    AUTO(bson)
    bson_t *record =
        BCON_NEW("_id", BCON_UTF8(id), "tenant", BCON_UTF8(request->key.tenant), "route",
                 BCON_UTF8(request->route), "body_sha256", BCON_UTF8(request->body_sha256),
                 "job_id", BCON_UTF8(request->job_id), "state", "accepting", "lease_until",
                 BCON_DATE_TIME(request->now_ms + request->lease_ms), "expires_at",
                 BCON_DATE_TIME(request->now_ms + request->ttl_ms));

    return store_insert(session, keys, record, err);
}

/* The server removes expired records about once a minute; until then they count as gone here. */
static bool remove_expired(struct store_session *session, const bson_t *record, struct err *err)
{
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(text_at(record, "_id")), "expires_at",
                              BCON_DATE_TIME(stored_date(record, "expires_at", 0)));

    return store_delete(session, keys, filter, NULL, err);
}

/* Guarded by the lease that was seen: of several that find it over, one gets the key. */
static bool take_over(struct store_session *session, const struct idempotency_request *request,
                      const bson_t *record, struct idempotency_claim *out, struct err *err)
{
    int64_t lease_until = request->now_ms + request->lease_ms;
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(text_at(record, "_id")), "state", "accepting",
                              "lease_until", BCON_DATE_TIME(stored_date(record, "lease_until", 0)));
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "lease_until", BCON_DATE_TIME(lease_until), "}");
    bool matched;

    if (!store_update(session, keys, filter, update, false, &matched, err)) {
        return false;
    }
    out->outcome = matched ? IDEMPOTENCY_RESUMED : IDEMPOTENCY_BUSY;
    out->lease_until = lease_until;
    return true;
}

static bool judge_record(struct store_session *session, const struct idempotency_request *request,
                         const bson_t *record, struct idempotency_claim *out, struct err *err)
{
    if (strcmp(text_at(record, "body_sha256"), request->body_sha256) != 0 ||
        strcmp(text_at(record, "route"), request->route) != 0) {
        out->outcome = IDEMPOTENCY_MISMATCH;
        return true;
    }
    if (strcmp(text_at(record, "state"), "done") == 0) {
        out->outcome = IDEMPOTENCY_DONE;
        out->status = document_int64(record, "status", 0);
        return true;
    }
    if (stored_date(record, "lease_until", 0) > request->now_ms) {
        out->outcome = IDEMPOTENCY_BUSY;
        return true;
    }
    return take_over(session, request, record, out, err);
}

/* One round; *again says that the record went away between two looks. */
static bool try_claim(struct store_session *session, const struct idempotency_request *request,
                      struct arena *arena, struct idempotency_claim *out, bool *again,
                      struct err *err)
{
    const char *id = key_id(arena, &request->key);
    AUTO(bson) bson_t *record = NULL;

    *out = (struct idempotency_claim){.outcome = IDEMPOTENCY_OWNED,
                                      .job_id = request->job_id,
                                      .lease_until = request->now_ms + request->lease_ms};
    *again = false;
    if (insert_claim(session, request, id, err)) {
        return true;
    }
    if (err->kind != ERR_CONFLICT) {
        return false;
    }
    if (!store_get(session, keys, id, &record, err)) {
        *again = err->kind == ERR_NOT_FOUND;
        return *again;
    }
    if (stored_date(record, "expires_at", 0) <= request->now_ms) {
        *again = true;
        return remove_expired(session, record, err);
    }
    out->job_id = arena_strdup(arena, text_at(record, "job_id"));
    out->answer = arena_strdup(arena, text_at(record, "answer"));
    return judge_record(session, request, record, out, err);
}

bool idempotency_claim(struct store_session *session, const struct idempotency_request *request,
                       struct arena *arena, struct idempotency_claim *out, struct err *err)
{
    bool again = true;

    for (int round = 0; again && round < CLAIM_ROUNDS; round++) {
        if (!try_claim(session, request, arena, out, &again, err)) {
            return false;
        }
    }
    return !again || err_set(err, ERR_UNAVAILABLE, "the key comes and goes");
}

bool idempotency_finish(struct store_session *session, const struct idempotency_key *key,
                        const struct idempotency_answer *answer, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(key_id(arena, key)), "state", "accepting");
    AUTO(bson)
    bson_t *update = BCON_NEW("$set", "{", "state", "done", "status", BCON_INT64(answer->status),
                              "answer", BCON_UTF8(answer->text), "}");

    return store_update(session, keys, filter, update, false, NULL, err);
}

bool idempotency_release(struct store_session *session, const struct idempotency_key *key,
                         int64_t lease_until, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(bson)
    bson_t *filter = BCON_NEW("_id", BCON_UTF8(key_id(arena, key)), "state", "accepting",
                              "lease_until", BCON_DATE_TIME(lease_until));

    return store_delete(session, keys, filter, NULL, err);
}
