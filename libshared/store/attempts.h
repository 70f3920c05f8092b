#pragma once

#include "store/store.h"

#include <stdint.h>

/*
 * What the consumer of a partition had in hand (`consume_attempts`, docs/DATA.md), so that the
 * successor of a process that crashed knows. The rules that use it: runtime/crashes.h.
 */

/* The first run that a process took, or a message that it tried alone. */
struct attempt {
    int64_t offset; /* of its first message */
    int64_t last;   /* of the last message that is under suspicion with it */
    uint32_t count; /* tries of the first message alone that did not come back */
};

/* `partition` is "group|topic|number". ERR_NOT_FOUND when nobody has consumed it. */
bool attempts_get(struct store_session *session, const char *partition, struct attempt *out,
                  struct err *err) MUST_USE;
bool attempts_put(struct store_session *session, const char *partition,
                  const struct attempt *attempt, struct err *err) MUST_USE;
