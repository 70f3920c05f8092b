#pragma once

#include "sync.h"
#include "task.h"

/* What a run came to. */
struct report {
    const struct sync *sync;
    struct arena *arena;
    const struct bus_run *run;
    struct search_batch *batches; /* of the run's messages */
    struct task_list tasks;       /* all settled: indexed, or with a problem */
};

/* Publishes one ChunkDone per batch and one dead letter per item that can never be indexed, and
 * waits until Kafka has acknowledged all of them. ERR_UNAVAILABLE when it did not. */
bool report_publish(const struct report *report, struct err *err) MUST_USE;

/* Publishes the ChunkDone of a batch of which nothing was indexed. */
bool report_publish_failed(const struct sync *sync, struct arena *arena,
                           const struct search_batch *batch, struct err *err) MUST_USE;
