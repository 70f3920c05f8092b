#pragma once

#include "domain/chunker.h"
#include "domain/digest.h"
#include "domain/request.h"
#include "ingress.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>

struct answer_queued;
struct entity;
struct submission;
struct upload;

/* Limits of the JSON of a request. */
enum { INTAKE_MAX_DEPTH = 32, INTAKE_MAX_KEYS = 1000 };

/* What differs between the imports of this service. */
struct import_kind {
    const struct entity *entity;
    const char *entity_id; /* the one entity that is imported, before the products that embed it are
                              refreshed; NULL: the rows are the entities */
    const char *channel;
    const char *topic;
    const char *job_prefix;
    const char *job_path;       /* where its jobs are polled */
    const char *route;          /* what an Idempotency-Key belongs to */
    bool waits;                 /* is answered when the job has ended */
    struct request_shape shape; /* of intake_read */

    /* The content type of bodies, and whether one will do. */
    const char *media;
    bool (*is_media)(struct str content_type);

    /* What makes two bodies the same. */
    void (*digest)(struct call *call, char out[DIGEST_SIZE]);

    /* Reads and checks the body, and releases it unless it is a file. Nothing is stored anywhere.
     */
    bool (*read)(struct call *call, const struct import_kind *kind, struct submission *out,
                 struct request_fault *fault);

    /* The answer to a request that was accepted and does not wait. */
    bson_t *(*answer)(const struct answer_queued *queued);
};

/* A request on its way to a job. All memory belongs to the call's arena. */
struct submission {
    const struct import_kind *kind;
    const bson_t *request; /* of the body, what settings are made of */
    struct import_envelope envelope;
    struct json_row *rows;
    size_t row_count;
    struct upload *upload; /* the file that holds the rows; NULL: they are here */

    /* Known when it is prepared, or taken from the job that is resumed. */
    struct str settings; /* BSON for the importers */
    uint32_t lanes;
    struct chunk_plan plan;

    bool is_unsettled; /* whether its job was accepted could not be found out */
};

/* import_kind.read of many rows of one entity. */
bool intake_read(struct call *call, const struct import_kind *kind, struct submission *out,
                 struct request_fault *fault) MUST_USE;

/* import_kind.read of one entity with the products that are to embed it. Its own row is the last.
 */
bool intake_read_entity(struct call *call, const struct import_kind *kind, struct submission *out,
                        struct request_fault *fault) MUST_USE;

/* import_kind.read of a file, which the file reader will cut into rows. */
bool intake_read_file(struct call *call, const struct import_kind *kind, struct submission *out,
                      struct request_fault *fault) MUST_USE;

/* import_kind.digest of JSON and of files. */
void intake_digest(struct call *call, char out[DIGEST_SIZE]);
void intake_file_digest(struct call *call, char out[DIGEST_SIZE]);

/* Refused unless the tenant has this job and it imported the same kind of entity. */
bool intake_check_parent(struct call *call, const struct import_kind *kind, const char *job_id,
                         struct request_fault *fault) MUST_USE;

/* Loads what the rows will be applied with, and cuts them. */
bool intake_prepare(struct call *call, struct submission *submission,
                    struct request_fault *fault) MUST_USE;

/* Cuts the rows by the settings and lanes that the submission has. */
bool intake_cut(struct call *call, struct submission *submission,
                struct request_fault *fault) MUST_USE;
