#pragma once

#include "base/mem.h"

#include <bson/bson.h>

/*
 * The public events of docs/EVENTS.md as CloudEvents 1.0 in Kafka's binary mode. Pure: an event
 * follows from the stored document alone, so that publishing it again gives the same id, time and
 * content.
 */

enum { EVENT_MAX_HEADERS = 10 };

struct event_header {
    const char *key;
    const char *value;
};

struct event {
    const char *key;                                /* the record's key */
    struct event_header headers[EVENT_MAX_HEADERS]; /* ends at the first NULL key */
    const bson_t *data;                             /* proto/events/; to be written as JSON */
};

/* The end of a job, completed or failed, from its document. Borrows from `job`; the rest belongs to
 * the arena. */
struct event event_of_job(struct arena *arena, const bson_t *job);

/* The completion of a batch, from its document. Borrows from `batch`; the rest belongs to the
 * arena. */
struct event event_of_batch(struct arena *arena, const bson_t *batch);
