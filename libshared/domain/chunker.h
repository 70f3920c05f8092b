#pragma once

#include "base/mem.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Cuts the rows of one job into chunks. Pure and deterministic: the same rows and limits give the
 * same chunks, so that a request that is resumed publishes the same numbers with the same content.
 */

/* Search batches hold 50 items; a chunk that is cut for its size is cut at a multiple of this where
 * possible. */
enum { CHUNKER_BATCH_ROWS = 50 };

struct chunk_row {
    size_t bytes;  /* of the row itself */
    uint32_t lane; /* from chunker_lane; below chunk_limits.lanes */
};

struct chunk_limits {
    size_t rows;       /* most rows in one chunk */
    size_t bytes;      /* a chunk is closed before it passes this */
    size_t most_bytes; /* what it may grow to when that completes a batch; one row alone may be
                          larger */
    uint32_t lanes;    /* at least 1 */
};

/* The rows order[first] .. order[first + count - 1] of the plan. */
struct chunk_span {
    uint32_t number; /* lane + k * lanes for the lane's k-th chunk */
    uint32_t lane;
    size_t first;
    size_t count;
};

struct chunk_plan {
    const uint32_t
        *order; /* row indexes, lane by lane, within a lane in the order of the request */
    const struct chunk_span *spans;
    size_t span_count;
    size_t row_count;     /* of all spans */
    uint64_t fingerprint; /* equal for equal plans */
};

/* The lane that keeps all rows of this code in order. */
uint32_t chunker_lane(struct str code, uint32_t lanes);

/* Fills `out`; its memory belongs to the arena. */
void chunker_cut(struct arena *arena, const struct chunk_row *rows, size_t row_count,
                 const struct chunk_limits *limits, struct chunk_plan *out);

/* How many of the `count` rows of one lane make its next chunk, at least one. Rows that come later
 * change nothing once there are limits->rows of them or they pass limits->most_bytes. */
size_t chunker_first(const struct chunk_row *rows, size_t count, const struct chunk_limits *limits);

/* What a row counts against the limits of bytes. */
size_t chunker_row_bytes(size_t bytes);

/* Frames a plan of one lane: a chunk with the row `head` alone comes before the others, one without
 * rows behind them. Numbers and fingerprint follow. */
void chunker_frame(struct arena *arena, uint32_t head, struct chunk_plan *plan);
