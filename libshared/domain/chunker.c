#include "domain/chunker.h"

#include <string.h>

/* What the wire format adds around one row: tags, lengths, the index. */
enum { ROW_OVERHEAD = 24 };

static const uint64_t FNV_START = 0xcbf29ce484222325u;
static const uint64_t FNV_PRIME = 0x100000001b3u;

static uint64_t fnv_add(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ p[i]) * FNV_PRIME;
    }
    return hash;
}

uint32_t chunker_lane(struct str code, uint32_t lanes)
{
    uint64_t hash = fnv_add(FNV_START, code.p, code.n);

    /* The low bits of FNV-1a alone spread short, similar codes badly. */
    return (uint32_t)((hash ^ (hash >> 32)) % lanes);
}

/* Sorts row indexes by lane and keeps the request's order within each; starts[lane] .. starts[lane
 * + 1] is its range. */
static uint32_t *order_by_lane(struct arena *arena, const struct chunk_row *rows, size_t row_count,
                               size_t *starts, uint32_t lanes)
{
    uint32_t *order = arena_alloc(arena, (row_count + 1) * sizeof(*order));
    size_t *next = arena_calloc(arena, lanes, sizeof(*next));

    for (size_t i = 0; i < row_count; i++) {
        starts[rows[i].lane + 1]++;
    }
    for (uint32_t lane = 0; lane < lanes; lane++) {
        starts[lane + 1] += starts[lane];
        next[lane] = starts[lane];
    }
    for (size_t i = 0; i < row_count; i++) {
        order[next[rows[i].lane]++] = (uint32_t)i;
    }
    return order;
}

size_t chunker_row_bytes(size_t bytes)
{
    return bytes + ROW_OVERHEAD;
}

/* How many of the `count` rows from `order` on, NULL: as they come, stay within both limits; at
 * least one. */
static size_t fitting_rows(const struct chunk_row *rows, const uint32_t *order, size_t count,
                           size_t max_bytes)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += chunker_row_bytes(rows[order ? order[i] : i].bytes);
        if (bytes > max_bytes && i > 0) {
            return i;
        }
    }
    return count;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Rows of the next chunk, `left` rows remaining in the lane. */
static size_t chunk_length(const struct chunk_row *rows, const uint32_t *order, size_t left,
                           const struct chunk_limits *limits)
{
    size_t most = smaller(left, limits->rows);
    size_t fit = fitting_rows(rows, order, most, limits->bytes);

    if (fit == most) {
        return fit;
    }
    if (fit >= CHUNKER_BATCH_ROWS) {
        return fit - fit % CHUNKER_BATCH_ROWS;
    }
    size_t batch = smaller(most, CHUNKER_BATCH_ROWS);

    return fitting_rows(rows, order, batch, limits->most_bytes) == batch ? batch : fit;
}

size_t chunker_first(const struct chunk_row *rows, size_t count, const struct chunk_limits *limits)
{
    return chunk_length(rows, NULL, count, limits);
}

static uint64_t plan_fingerprint(const struct chunk_plan *plan)
{
    uint64_t hash = fnv_add(FNV_START, plan->order, plan->row_count * sizeof(*plan->order));

    for (size_t i = 0; i < plan->span_count; i++) {
        const struct chunk_span *span = &plan->spans[i];
        uint64_t facts[] = {span->number, span->lane, span->first, span->count};

        hash = fnv_add(hash, facts, sizeof(facts));
    }
    return hash;
}

void chunker_cut(struct arena *arena, const struct chunk_row *rows, size_t row_count,
                 const struct chunk_limits *limits, struct chunk_plan *out)
{
    size_t *starts = arena_calloc(arena, limits->lanes + 1, sizeof(*starts));
    uint32_t *order = order_by_lane(arena, rows, row_count, starts, limits->lanes);
    struct chunk_span *spans = arena_alloc(arena, (row_count + 1) * sizeof(*spans));
    size_t span_count = 0;

    for (uint32_t lane = 0; lane < limits->lanes; lane++) {
        uint32_t number = lane;

        for (size_t first = starts[lane]; first < starts[lane + 1]; number += limits->lanes) {
            size_t count = chunk_length(rows, order + first, starts[lane + 1] - first, limits);

            spans[span_count++] = (struct chunk_span){number, lane, first, count};
            first += count;
        }
    }
    *out = (struct chunk_plan){
        .order = order, .spans = spans, .span_count = span_count, .row_count = row_count};
    out->fingerprint = plan_fingerprint(out);
}

void chunker_frame(struct arena *arena, uint32_t head, struct chunk_plan *plan)
{
    size_t row_count = plan->row_count + 1;
    uint32_t *order = arena_alloc(arena, row_count * sizeof(*order));
    struct chunk_span *spans = arena_alloc(arena, (plan->span_count + 2) * sizeof(*spans));
    uint32_t number = 0;

    order[0] = head;
    memcpy(order + 1, plan->order, plan->row_count * sizeof(*order));
    spans[number++] = (struct chunk_span){.count = 1};
    for (size_t i = 0; i < plan->span_count; i++, number++) {
        spans[number] = plan->spans[i];
        spans[number].number = number;
        spans[number].first++;
    }
    spans[number] = (struct chunk_span){.number = number, .first = row_count};
    *plan = (struct chunk_plan){
        .order = order, .spans = spans, .span_count = number + 1, .row_count = row_count};
    plan->fingerprint = plan_fingerprint(plan);
}
