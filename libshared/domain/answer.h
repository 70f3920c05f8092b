#pragma once

#include "domain/request.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

struct entity; /* domain/entity.h */

/*
 * Stored documents as partners see them (docs/API.md), and problem documents. Pure. Functions that
 * append write fields into a document the caller has begun; documents that are returned are
 * destroyed by the caller.
 */

/* A request that was accepted. */
struct answer_queued {
    const char *job_id;
    size_t total;
    const struct import_envelope *envelope;
    const struct entity *entity;
    const char *entity_id;          /* the one entity that is imported; NULL for many */
    const struct answer_file *file; /* that holds the rows; NULL: they came with the request */
};

struct answer_file {
    const char *name;
    const char *url; /* NULL: there is none now */
    int64_t size;
    const char *parent_job_id; /* NULL: none */
    int64_t created_at_ms;
};
bson_t *answer_queued_companies(const struct answer_queued *queued);
bson_t *answer_queued_products(const struct answer_queued *queued);

bson_t *answer_queued_file(const struct answer_queued *queued);

/* One entity; all rows but its own are products. */
bson_t *answer_queued_entity(const struct answer_queued *queued);

/* A synchronous import whose job has ended. */
struct answer_imported {
    const bson_t *job;
    const bson_t *findings;      /* {errors: [..]}, see answer_findings_next */
    struct str channel_metadata; /* BSON to echo; {NULL, 0} for none */
    int64_t took_ms;             /* from the request to its answer */
};
bson_t *answer_imported(const struct answer_imported *imported);

/* A synchronous import whose job takes longer than its request may; NULL for an unknown status. */
bson_t *answer_unfinished(const char *job_id, const char *status);

/* Appends an import job. Rates and the time left are computed for the moment `now_ms`. */
void answer_append_job(bson_t *out, const bson_t *job, int64_t now_ms);

/* The first fields of a job that waits or runs, as the queue snapshot shows it. */
void answer_append_queued_job(bson_t *out, const bson_t *job);

/* Walks the findings of one document of `import_errors`. */
struct answer_findings {
    const bson_t *row;
    const char *severity; /* "error" or "warning" */
    bson_iter_t iter;
    bool is_valid;
};
void answer_findings_start(struct answer_findings *findings, const bson_t *row,
                           const char *severity);

/* Appends {row, entity_code, error, code, path, raw_data} of the next finding to `out`, which the
 * caller has begun; false when there is none left. `with_raw_data` false: raw_data is null. */
bool answer_findings_next(struct answer_findings *findings, bool with_raw_data, bson_t *out);

/* Appends a product without the system's internals. locked_fields is always there. */
void answer_append_product(bson_t *out, const bson_t *product);

/* Appends a synonym dictionary without the system's internals. */
void answer_append_dictionary(bson_t *out, const bson_t *dictionary);

/* Appends any other entity without the system's internals. */
void answer_append_entity(bson_t *out, const bson_t *document);

/* Appends an import source. */
void answer_append_source(bson_t *out, const bson_t *source);

/* The problem document of a file that cannot be read. */
struct answer_file_fault {
    bool is_csv;
    const char *code; /* "CSV_UNBALANCED_QUOTE" */
    const char *message;
    const char *hint;
    int64_t line; /* 0: no place to name */
    int64_t column;
};
bson_t *answer_file_fault(const struct answer_file_fault *fault);

/* The problem document (RFC 9457) of a refused request. */
bson_t *answer_problem(const struct request_fault *fault);
