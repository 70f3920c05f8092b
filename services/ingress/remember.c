#include "remember.h"

#include "log/log.h"

void remember_answer(struct store_session *session, const struct idempotency_key *key,
                     const struct web_reply *reply)
{
    struct idempotency_answer answer = {reply->status, reply->body.data};
    struct err err;

    if (key->key && !idempotency_finish(session, key, &answer, &err)) {
        log_warn("remembering the answer: %s", err.msg);
    }
}
