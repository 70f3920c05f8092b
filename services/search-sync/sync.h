#pragma once

#include "bus/bus.h"

/*
 * Makes what was imported searchable: search batches in, documents of the index and ChunkDone
 * (CHUNK_INDEXED) out. Doing a run again changes nothing: the index knows the version of each
 * document, the tracker the batches it has counted.
 */

struct dead_letter;
struct search;
struct store;

struct sync {
    struct store *store;
    struct search *search;
    struct bus_producer *producer;
    int64_t publish_timeout_ms;
};

/* consume_options.handle; ctx is a struct sync. */
bool sync_handle(void *ctx, const struct bus_run *run, struct err *err) MUST_USE;

/* consume_options.give_up: tells the job that none of the batch became searchable. */
bool sync_give_up(void *ctx, const struct dead_letter *letter, struct err *err) MUST_USE;
