#pragma once

#include "store/store.h"

#include <stdint.h>

/*
 * Collection `idempotency_keys` (docs/DATA.md): one request owns a key; a repeated request gets its
 * answer, or takes over when the owner's lease is over. Error kinds as in store.h.
 */

struct idempotency_key {
    const char *tenant;
    const char *key;
};

/* What a request says when it claims a key. */
struct idempotency_request {
    struct idempotency_key key;
    const char *route;
    const char *body_sha256;
    const char *job_id; /* of the job it will make, if the key is new */
    int64_t now_ms;
    int64_t lease_ms;
    int64_t ttl_ms;
};

enum idempotency_outcome {
    IDEMPOTENCY_OWNED,    /* the key is new and ours */
    IDEMPOTENCY_RESUMED,  /* the first owner's lease is over: ours now, with its job id */
    IDEMPOTENCY_DONE,     /* the answer is known */
    IDEMPOTENCY_BUSY,     /* the owner is at work */
    IDEMPOTENCY_MISMATCH, /* the key stands for another route or body */
};

/* Texts belong to the arena. */
struct idempotency_claim {
    enum idempotency_outcome outcome;
    const char *job_id;  /* OWNED, RESUMED, DONE */
    int64_t lease_until; /* OWNED, RESUMED: proves the ownership in the calls below */
    int64_t status;      /* DONE */
    const char *answer;  /* DONE */
};

/* Of any number of claims at one time, one owns or resumes. */
bool idempotency_claim(struct store_session *session, const struct idempotency_request *request,
                       struct arena *arena, struct idempotency_claim *out,
                       struct err *err) MUST_USE;

struct idempotency_answer {
    int64_t status;
    const char *text;
};

/* Remembers the answer for the key's remaining life; whoever ends the job first writes it. */
bool idempotency_finish(struct store_session *session, const struct idempotency_key *key,
                        const struct idempotency_answer *answer, struct err *err) MUST_USE;

/* Forgets a key whose request failed, unless somebody took it over meanwhile. */
bool idempotency_release(struct store_session *session, const struct idempotency_key *key,
                         int64_t lease_until, struct err *err) MUST_USE;
