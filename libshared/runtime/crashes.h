#pragma once

#include "bus/bus.h"

/*
 * Finds the message that crashes the process (ADR 0011). The first run that a process takes of a
 * partition is noted in the database before it is handled, and nothing after it. A process that is
 * to begin where its predecessor's note stands knows that the predecessor came no further: it tries
 * the messages of that run one by one, each noted and counted while it is in hand.
 */

struct crashes;
struct store;

enum { CRASHES_MAX = 5 }; /* counted for one message, then it is given up */

/* Borrows both. Without a store nothing is noted and nothing suspected. */
struct crashes *crashes_open(struct store *store, const char *group);
void crashes_close(struct crashes *crashes); /* NULL is allowed */

/* Call before a run is handled. Costs a look-up in memory, but for the first runs of a partition.
 * Error kinds of the store. */
bool crashes_admit(struct crashes *crashes, const struct bus_run *run, struct err *err) MUST_USE;

/* True for an admitted run whose first message may be the one: it must be tried alone. */
bool crashes_suspects(const struct crashes *crashes, const struct bus_run *run);

/* How many tries of this message alone did not come back. */
unsigned crashes_count(const struct crashes *crashes, const struct bus_message *message);

/* Around each try of a suspect message alone: begin counts it, end takes that back, for a try that
 * failed and yet came back. Error kinds of the store. */
bool crashes_begin(struct crashes *crashes, const struct bus_message *message,
                   struct err *err) MUST_USE;
bool crashes_end(struct crashes *crashes, const struct bus_message *message,
                 struct err *err) MUST_USE;
