#pragma once

#include "base/err.h"
#include "bus/bus.h"

/*
 * The write path of every importer: a run of chunks becomes versions of documents, exactly once,
 * and is told to search and to the job tracker. What differs between entities stands in
 * domain/entity.h.
 */

struct apply;
struct config;
struct dead_letter;
struct entity;
struct store;

struct apply_options {
    const struct config *config;
    struct store *store;
    struct bus_producer *producer;
    const struct entity *const *entities; /* whose chunks it applies; ends with NULL */
    bool forwards_products; /* chunks of products go on to the topic of products, as they are */
};

/* Borrows everything in `options`. Not thread-safe. */
struct apply *apply_open(const struct apply_options *options);
void apply_close(struct apply *apply); /* NULL is allowed */

/*
 * Applies the chunks of a run in one transaction with their receipts, then publishes search batches
 * and progress from the receipts, and forwards what is not its own. Doing it again writes nothing
 * and publishes the same. `ctx` is the struct apply; fits consume_options.handle. ERR_INVALID: a
 * message is no chunk. ERR_CONFLICT, ERR_UNAVAILABLE: nothing or everything was written; call
 * again.
 */
bool apply_run(void *ctx, const struct bus_run *run, struct err *err) MUST_USE;

/* Fails the job of a chunk that is about to be given up: later chunks of a job are folded only past
 * a gap that is known to stay. `ctx` is the struct apply; fits consume_options.give_up. */
bool apply_give_up(void *ctx, const struct dead_letter *letter, struct err *err) MUST_USE;
