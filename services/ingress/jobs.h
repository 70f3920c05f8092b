#pragma once

#include "domain/request.h"
#include "ingress.h"

/* Jobs of companies and all others are polled at different addresses. */
enum jobs_family { JOBS_CUSTOMERS, JOBS_PIM };

/* Loads the job that the path names; refused as job_not_found unless it is the tenant's and of this
 * family. The caller destroys *out. */
bool jobs_load(struct call *call, enum jobs_family family, bson_t **out,
               struct request_fault *fault) MUST_USE;
