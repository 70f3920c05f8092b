#pragma once

#include "store/idempotency.h"
#include "web/web.h"

/* Keeps the answer of an accepted request for its repetitions; nothing without a key. A failure is
 * logged: it changes only how a repetition finds the job. */
void remember_answer(struct store_session *session, const struct idempotency_key *key,
                     const struct web_reply *reply);
