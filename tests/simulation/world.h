#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A small world in one thread: processes that take turns, a clock that only they move, and faults,
 * all from one seed. The same seed gives the same history, to the last step.
 *
 * A process is a coroutine that runs the real code of a service. It gives up its turn at every
 * effect: whatever it asks of the database, of Kafka or of the index. There it may also fail, not
 * know its outcome, stand still for a while, or be killed: then all its further effects fail
 * without being tried, so that its code unwinds and leaves nothing behind that a kill would not
 * leave.
 */

/* One guard of the protocol that is switched off, to see that somebody notices. */
enum mutation {
    MUTATION_NONE,
    MUTATION_RECEIPT,          /* receipts are neither kept nor found */
    MUTATION_TRACKER_GUARD,    /* the tracker folds whatever chunk comes */
    MUTATION_INDEXED_GUARD,    /* the tracker forgets which search batches it counted */
    MUTATION_EXTERNAL_VERSION, /* the index takes older versions, too */
    MUTATION_ACCEPTANCE_GATE,  /* importers apply chunks of jobs that are not accepted */
    MUTATION_WRITE_CONFLICT,   /* transactions do not notice each other */
    MUTATIONS,
};

enum role { ROLE_CLIENT, ROLE_IMPORTER, ROLE_SEARCH_SYNC, ROLE_TRACKER };

/* Programs run again and again after their ends, as under any supervisor, until the world stops. */
struct process {
    enum role role;
    unsigned number;
    void (*run)(struct process *process);
    bool is_dead;     /* killed, and on its way out */
    bool is_idle;     /* waits for messages, or has nothing left to do */
    bool is_finished; /* after the world stopped */
    int64_t wakes_at_ms;
};

/* Begins a world; `trace` writes every step to stderr. */
void world_begin(uint64_t seed, enum mutation mutation, bool trace);
void world_spawn(enum role role, void (*run)(struct process *process));

/* Lets processes take turns until nothing is left to do, then ends them. */
void world_run(void);
void world_end(void);

/* ---- for models and processes ---- */

struct arena *world_arena(void);       /* memory of this world */
uint64_t world_random(uint64_t below); /* 0 below 0 */
int64_t world_now_ms(void);
bool world_is_stopping(void);
bool world_is_mutated(enum mutation mutation);
struct process *world_self(void); /* NULL between turns */
bool world_self_is_dead(void);

/* True now and then, as long as the seed's number of faults is not used up. How often a kind comes
 * differs from seed to seed, and in many it never does: so each is also met without the others. */
enum fault {
    FAULT_KILL,      /* of a process, before or after an effect */
    FAULT_FAIL,      /* an effect does not happen */
    FAULT_UNKNOWN,   /* an effect happens, and is reported to have failed */
    FAULT_PAUSE,     /* a process stands still, and the others go on */
    FAULT_REBALANCE, /* a partition changes hands */
    FAULT_RESET,     /* a partition is read from its beginning again */
    FAULT_REPEAT,    /* a message is stored twice */
    FAULT_PUT_OFF,   /* the index has no time for a document */
    FAULTS,
};
bool world_has_fault(enum fault fault);

/* Before an effect: others get their turn. False, with ERR_UNAVAILABLE: it does not happen. */
bool world_before(const char *effect, const char *object, struct err *err) MUST_USE;

/* After an effect: false means that it happened and the caller is not told so. */
bool world_after(const char *effect, const char *object, struct err *err) MUST_USE;

/* Sleeps, unless something is published when `for_messages`. */
void world_sleep(int64_t ms, bool for_messages);

/* Something changed: a message, a document, the index. */
void world_note_change(void);
void world_wake_readers(void);

void world_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The first thing that must not be; ends the world. */
void world_violate(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *world_violation(void); /* NULL while all is well */
