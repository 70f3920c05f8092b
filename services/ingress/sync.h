#pragma once

#include "intake.h"
#include "store/idempotency.h"

/* Imports that are answered when their job has ended (docs/API.md, "Import and wait"). */

struct waiter;

/* Opens the waiter for sync_wait. ERR_UNAVAILABLE. */
bool sync_open(struct store *store, struct waiter **out, struct err *err) MUST_USE;

/* Defers the answer of an accepted request until its job has ended, or CONSIGN_SYNC_TIMEOUT_MS
 * after the request came. The answer is remembered under the key, if there is one. */
void sync_wait(struct call *call, const struct submission *submission, const char *job_id,
               const struct idempotency_key *key);
