#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/tally.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The messages of proto/consign.proto as plain structs. Pure. The only library that includes
 * protobuf-c. Decoding copies everything into the arena; ERR_INVALID for bytes that are no such
 * message or break its rules.
 */

/* Whether the bytes are one BSON document to the last nested one, its texts UTF-8: who reads it
 * need not look out for anything else, as bson_validate does not promise. */
bool message_is_bson(struct str bytes);

struct message_row {
    uint32_t index;
    struct str bson;          /* {NULL, 0} when refused */
    const char *refused_code; /* NULL when the row is fine */
    const char *refused_reason;
};

/* Where a message belongs; the same in all messages. */
struct message_origin {
    const char *job_id;
    const char *tenant;
    const char *entity;
    uint32_t chunk;
    uint32_t lane;
    uint32_t lanes;
    const char *trace_id; /* "" when there is none */
};

/* The entity whose current snapshot goes into products. */
struct chunk_embed {
    const char *kind; /* name of the entity, "brands" */
    const char *id;
};

/* A page of the products that embed an entity: the importer finds them. */
struct chunk_scan {
    const char *after;  /* only codes behind this one; "": from the first */
    uint32_t first_row; /* index of the page's first row */
};

struct import_chunk {
    struct message_origin origin;
    struct str settings;
    struct message_row *rows;
    size_t row_count;
    const struct chunk_embed *embed; /* NULL: the rows are content */
    const struct chunk_scan *scan; /* NULL: the rows are here; else there are none, and one lane */
};

/* What a chunk with its settings may have; a row that is larger alone is one. */
enum { IMPORT_CHUNK_MOST_BYTES = 900 * 1024 };

/* What a chunk that is to have at most `bytes` leaves to its rows; at least 1. */
size_t import_chunk_room(size_t bytes, struct str settings);

struct str import_chunk_encode(struct arena *arena, const struct import_chunk *chunk);
bool import_chunk_decode(struct arena *arena, struct str bytes, struct import_chunk *out,
                         struct err *err) MUST_USE;

enum chunk_stage { CHUNK_APPLIED, CHUNK_INDEXED, CHUNK_SEALED, CHUNK_FAILED };

/* What one chunk did. Kept in its receipt and folded into the job. */
struct chunk_counts {
    uint32_t successful;
    uint32_t failed;
    uint32_t created;
    uint32_t unchanged;
    uint32_t published;
    uint32_t errors;
    uint32_t warnings;
    uint32_t search_batches;
    uint32_t search_items;
};

struct chunk_done {
    struct message_origin origin;
    enum chunk_stage stage;
    struct chunk_counts counts; /* CHUNK_APPLIED */
    struct name_tally unknown;  /* fields in no table */
    int64_t started_at_ms;      /* CHUNK_APPLIED and CHUNK_SEALED */
    int64_t finished_at_ms;
    uint32_t batch; /* CHUNK_INDEXED */
    uint32_t indexed;
    uint32_t index_failed;
    uint32_t total_chunks;    /* CHUNK_SEALED */
    uint32_t total_rows;      /* 0: as many as the chunks had */
    const char *failure_code; /* CHUNK_FAILED */
    const char *failure_error;
};

struct str chunk_done_encode(struct arena *arena, const struct chunk_done *done);
bool chunk_done_decode(struct arena *arena, struct str bytes, struct chunk_done *out,
                       struct err *err) MUST_USE;

enum {
    SEARCH_BATCH_ITEMS = 50,
    SEARCH_BATCHES_MAX = 64, /* of one chunk: CONSIGN_CHUNK_ROWS goes no further */
};

struct search_item {
    const char *code;
    int64_t version;
};

struct search_batch {
    struct message_origin origin;
    uint32_t batch;
    struct search_item *items; /* at most SEARCH_BATCH_ITEMS */
    size_t item_count;
};

struct str search_batch_encode(struct arena *arena, const struct search_batch *batch);
bool search_batch_decode(struct arena *arena, struct str bytes, struct search_batch *out,
                         struct err *err) MUST_USE;

/* An uploaded file that waits to be read. */
struct import_file {
    const char *job_id;
    const char *tenant;
    const char *entity;
    const char *trace_id;
    uint32_t lanes;
    struct str settings;
    const char *blob; /* its key, which ends in its format */
};

struct str import_file_encode(struct arena *arena, const struct import_file *file);
bool import_file_decode(struct arena *arena, struct str bytes, struct import_file *out,
                        struct err *err) MUST_USE;
