#pragma once

#include "base/id.h"
#include "bus/bus.h"

#include <stdint.h>

/*
 * Keeps the books of the jobs: progress messages in, counters in `import_jobs` and
 * `import_batches`, completion events out. Doing a run again changes nothing: a folded message is
 * recognised, and an event keeps its id.
 */

struct store;

struct tracker {
    struct store *store;
    struct bus_producer *producer;
    int64_t publish_timeout_ms;
    int64_t accept_timeout_ms;
    char unknown_job[ID_JOB_SIZE]; /* the last one that was complained about */
};

/* consume_options.handle; ctx is a struct tracker. */
bool track_handle(void *ctx, const struct bus_run *run, struct err *err) MUST_USE;

/* consume_options.tick: gives up jobs whose ingress died before it had accepted them. */
void track_tick(void *ctx);
