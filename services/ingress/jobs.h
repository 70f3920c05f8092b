#pragma once

#include "domain/request.h"
#include "ingress.h"

/* Loads the job that the path names; refused as job_not_found unless it is the tenant's and of this
 * entity. The caller destroys *out. */
bool jobs_load(struct call *call, const char *entity, bson_t **out,
               struct request_fault *fault) MUST_USE;
