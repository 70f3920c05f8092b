#pragma once

#include "domain/request.h"
#include "ingress.h"
#include "intake.h"

#include <stdbool.h>

/*
 * Acceptance is a commit (ADR 0002): the job is inserted as accepting, its chunks are published,
 * and one guarded update makes it accepted. Importers apply nothing of a job that is not. False:
 * the job is abandoned or was never begun, or submission->is_unsettled says that this is not known.
 */
bool acceptance_commit(struct call *call, struct submission *submission, const char *job_id,
                       struct request_fault *fault) MUST_USE;

/* The same for a job that an earlier request may have begun, or even ended, under this id. */
bool acceptance_resume(struct call *call, struct submission *submission, const char *job_id,
                       struct request_fault *fault) MUST_USE;
