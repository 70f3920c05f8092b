#include "cut.h"

#include "base/id.h"
#include "bus/bus.h"
#include "config/config.h"
#include "domain/chunker.h"
#include "domain/lane.h"

#include <stdio.h>
#include <string.h>

/* Rows of a lane until it is certain which of them are its next chunk. */
struct lane {
    struct message_row *rows; /* their content belongs to the lane */
    struct chunk_row *sizes;
    size_t count;
    size_t bytes;
    uint32_t next_chunk;
};

struct cutter {
    struct cutter_options options;
    struct chunk_limits limits;
    struct bus_group *group;
    struct arena *scratch; /* of the row or the message in hand */
    struct lane *lanes;
    uint32_t rows;
    uint32_t chunks;
};

/* Those of JSON requests. */
static struct chunk_limits limits_of(const struct cutter_options *options)
{
    const struct config *config = options->config;
    struct str settings = options->file->settings;

    return (struct chunk_limits){
        .rows = (size_t)config->chunk_rows,
        .bytes = import_chunk_room((size_t)config->chunk_bytes, settings),
        .most_bytes = import_chunk_room(IMPORT_CHUNK_MOST_BYTES, settings),
        .lanes = options->file->lanes,
    };
}

struct cutter *cutter_open(const struct cutter_options *options)
{
    struct cutter *cutter = mem_calloc(1, sizeof(*cutter));
    uint32_t lanes = options->file->lanes;

    cutter->options = *options;
    cutter->limits = limits_of(options);
    cutter->group = bus_group_new(options->producer);
    cutter->scratch = arena_new();
    cutter->lanes = mem_calloc(lanes, sizeof(*cutter->lanes));
    for (uint32_t i = 0; i < lanes; i++) {
        cutter->lanes[i] = (struct lane){
            .rows = mem_calloc(cutter->limits.rows, sizeof(struct message_row)),
            .sizes = mem_calloc(cutter->limits.rows, sizeof(struct chunk_row)),
            .next_chunk = i,
        };
    }
    return cutter;
}

/* Lets go of the first rows. */
static void drop(struct lane *lane, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mem_free((char *)lane->rows[i].bson.p);
        mem_free((char *)lane->rows[i].refused_reason);
        lane->bytes -= chunker_row_bytes(lane->sizes[i].bytes);
    }
    lane->count -= count;
    memmove(lane->rows, lane->rows + count, lane->count * sizeof(*lane->rows));
    memmove(lane->sizes, lane->sizes + count, lane->count * sizeof(*lane->sizes));
}

void cutter_close(struct cutter *cutter)
{
    for (uint32_t i = 0; i < cutter->options.file->lanes; i++) {
        drop(&cutter->lanes[i], cutter->lanes[i].count);
        mem_free(cutter->lanes[i].rows);
        mem_free(cutter->lanes[i].sizes);
    }
    mem_free(cutter->lanes);
    arena_free(cutter->scratch);
    bus_group_free(cutter->group);
    mem_free(cutter);
}

static struct str encode(struct cutter *cutter, const struct lane *lane, size_t count)
{
    const struct import_file *file = cutter->options.file;
    const struct import_chunk chunk = {.origin = {.job_id = file->job_id,
                                                  .tenant = file->tenant,
                                                  .entity = file->entity,
                                                  .chunk = lane->next_chunk,
                                                  .lane = lane->next_chunk % file->lanes,
                                                  .lanes = file->lanes,
                                                  .trace_id = file->trace_id},
                                       .settings = file->settings,
                                       .rows = lane->rows,
                                       .row_count = count};

    return import_chunk_encode(cutter->scratch, &chunk);
}

static bool publish(struct cutter *cutter, struct lane *lane, struct err *err)
{
    const struct import_file *file = cutter->options.file;
    size_t count = chunker_first(lane->sizes, lane->count, &cutter->limits);
    const char *number =
        arena_printf(cutter->scratch, "%u", (unsigned)(lane->next_chunk % file->lanes));
    const struct bus_out message = {
        .topic = cutter->options.topic,
        .key = ID_JOIN(cutter->scratch, file->tenant, number),
        .value = encode(cutter, lane, count),
        .headers = {{"job-id", file->job_id},
                    {"tenant", file->tenant},
                    {"trace-id", file->trace_id}},
        .weight = (uint32_t)count,
    };

    if (!bus_group_add(cutter->group, &message, cutter->options.config->publish_timeout_ms, err)) {
        return false;
    }
    arena_reset(cutter->scratch);
    drop(lane, count);
    lane->next_chunk += file->lanes;
    cutter->chunks++;
    return true;
}

static bool put(struct cutter *cutter, struct lane *lane, struct message_row row, struct err *err)
{
    if (row.bson.p) {
        row.bson.p = memcpy(mem_alloc(row.bson.n), row.bson.p, row.bson.n);
    } else {
        row.refused_reason = mem_strdup(row.refused_reason);
    }
    lane->rows[lane->count] = row;
    lane->sizes[lane->count] = (struct chunk_row){.bytes = row.bson.n};
    lane->count++;
    lane->bytes += chunker_row_bytes(row.bson.n);
    cutter->rows++;
    while (lane->count == cutter->limits.rows || lane->bytes > cutter->limits.most_bytes) {
        if (!publish(cutter, lane, err)) {
            return false;
        }
    }
    return true;
}

static struct lane *lane_of(struct cutter *cutter, const bson_t *row)
{
    const struct lane_query query = {cutter->options.entity, cutter->options.settings,
                                     cutter->options.file->lanes};
    uint32_t lane = lane_of_row(cutter->scratch, &query, row);

    arena_reset(cutter->scratch);
    return &cutter->lanes[lane];
}

bool cutter_add(struct cutter *cutter, uint32_t number, const bson_t *row, struct err *err)
{
    int64_t most = cutter->options.config->max_row_bytes;

    if (row->len > (size_t)most) {
        char reason[80];

        snprintf(reason, sizeof(reason), "the row has more than %lld bytes", (long long)most);
        return cutter_refuse(cutter, number, problem_get(PROBLEM_row_too_large), reason, err);
    }
    return put(
        cutter, lane_of(cutter, row),
        (struct message_row){.index = number, .bson = {(const char *)bson_get_data(row), row->len}},
        err);
}

bool cutter_refuse(struct cutter *cutter, uint32_t number, const struct problem *problem,
                   const char *reason, struct err *err)
{
    return put(cutter, &cutter->lanes[0],
               (struct message_row){
                   .index = number, .refused_code = problem->code, .refused_reason = reason},
               err);
}

bool cutter_finish(struct cutter *cutter, struct err *err)
{
    for (uint32_t i = 0; i < cutter->options.file->lanes; i++) {
        while (cutter->lanes[i].count > 0) {
            if (!publish(cutter, &cutter->lanes[i], err)) {
                return false;
            }
        }
    }
    return bus_group_wait(cutter->group, cutter->options.config->publish_timeout_ms, err);
}

uint32_t cutter_rows(const struct cutter *cutter)
{
    return cutter->rows;
}

uint32_t cutter_chunks(const struct cutter *cutter)
{
    return cutter->chunks;
}
