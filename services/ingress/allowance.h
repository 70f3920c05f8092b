#pragma once

#include "domain/request.h"
#include "ingress.h"

#include <stdbool.h>

/* What a tenant may take at a time: `limits` of its document, else the settings CONSIGN_TENANT_*.
 * Each answer tells where the tenant stands, in the fields RateLimit and RateLimit-Policy. */

struct quota *allowance_open(const struct config *config);

/* Takes a request and the bytes of its body; call->tenant_quota is set when it was taken. */
bool allowance_enter(struct call *call, struct request_fault *fault) MUST_USE;

/* Gives the bytes back. To be called for each call. */
void allowance_leave(struct call *call);

/* Begins one more job of the tenant. */
bool allowance_take_job(struct call *call, struct request_fault *fault) MUST_USE;
