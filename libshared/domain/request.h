#pragma once

#include "base/err.h"
#include "base/str.h"
#include "domain/problem.h"

#include <bson/bson.h>
#include <stddef.h>
#include <stdint.h>

/* Checking an import request before a job is made of it. Pure. */

struct findings; /* domain/finding.h */

/* Why a request is refused and where; becomes the problem document of the answer. */
struct request_fault {
    const struct problem *problem;
    int64_t index;                   /* of the row, -1 when it is not about one */
    int64_t offset;                  /* of the byte, -1 unknown */
    const struct findings *findings; /* all that is wrong at `path`; NULL: `detail` says it */
    char path[256];                  /* JSON Pointer, "" for none */
    char detail[240];                /* text for people; "" stands for the problem's title */
};

/* Fills `fault` without a place and returns false, so that `return request_refuse(...)` is the way
 * to refuse. */
bool request_refuse(struct request_fault *fault, enum problem_id problem, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuses the field at a JSON Pointer made of one or two plain keys; `parent` "" for one. */
bool request_refuse_field(struct request_fault *fault, enum problem_id problem, const char *parent,
                          const char *key, const char *demand);

/* What differs between the imports. */
struct request_shape {
    const char *rows_key; /* "products" */
    size_t max_rows;
    bool needs_source; /* source_id is required */
};

enum { REQUEST_MAX_TEXT = 256, REQUEST_MAX_METADATA = 4096 };

/* The envelope without its rows. Texts are borrowed from it; NULL or -1 where there is none. */
struct import_envelope {
    const char *merge_mode; /* "replace" or "partial" */
    const char *source_id;
    const char *channel;
    const char *batch_id; /* of batch_metadata, else the one beside it */
    int64_t batch_part;
    int64_t batch_total_parts;
    int64_t batch_total_items;
    const char *parent_job_id;   /* the job whose failed rows are sent again */
    struct str batch_metadata;   /* BSON */
    struct str channel_metadata; /* BSON; only echoed */
};

/* What is known of the rows before they are looked at. */
struct request_rows {
    bool present;  /* the rows key was there and was an array */
    bool too_many; /* there were more than shape.max_rows */
    size_t count;
};

/* Is the number of rows allowed? */
bool request_check_rows(const struct request_shape *shape, const struct request_rows *rows,
                        struct request_fault *fault) MUST_USE;

/* Reads merge_mode, channel, source_id, parent_job_id, channel_metadata and the batch fields;
 * unknown fields are ignored. */
bool request_read_envelope(const struct request_shape *shape, const bson_t *envelope,
                           struct import_envelope *out, struct request_fault *fault) MUST_USE;

/* merge_mode alone; "replace" when it is absent. */
bool request_read_merge_mode(const bson_t *envelope, const char **out,
                             struct request_fault *fault) MUST_USE;

/* A company must have a non-empty external_code; `index` is its place in the request. */
bool request_check_company(struct str bson, size_t index, struct request_fault *fault) MUST_USE;

/* True for an absent content type and for application/json in UTF-8. */
bool request_is_json(struct str content_type);

/* An Idempotency-Key: 1 to 255 printable ASCII characters. */
bool request_is_idempotency_key(struct str key);
