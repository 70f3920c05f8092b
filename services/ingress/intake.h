#pragma once

#include "domain/chunker.h"
#include "domain/request.h"
#include "ingress.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>

struct entity;

/* What differs between the imports of this service. */
struct import_kind {
    const struct entity *entity;
    const char *channel;
    const char *topic;
    const char *job_prefix;
    const char *job_path; /* where its jobs are polled */
    const char *route;    /* what an Idempotency-Key belongs to */
    bool waits;           /* is answered when the job has ended */
    struct request_shape shape;
};

/* A request on its way to a job. All memory belongs to the call's arena. */
struct submission {
    const struct import_kind *kind;
    const bson_t *request; /* the body without its rows */
    struct import_envelope envelope;
    struct json_row *rows;
    size_t row_count;

    /* Known when it is prepared, or taken from the job that is resumed. */
    struct str settings; /* BSON for the importers */
    uint32_t lanes;
    struct chunk_plan plan;

    bool is_unsettled; /* whether its job was accepted could not be found out */
};

/* Reads and checks the body and releases it. Nothing is stored anywhere. */
bool intake_read(struct call *call, const struct import_kind *kind, struct submission *out,
                 struct request_fault *fault) MUST_USE;

/* Loads what the rows will be applied with, and cuts them. */
bool intake_prepare(struct call *call, struct submission *submission,
                    struct request_fault *fault) MUST_USE;

/* Cuts the rows by the settings and lanes that the submission has. */
bool intake_cut(struct call *call, struct submission *submission,
                struct request_fault *fault) MUST_USE;
