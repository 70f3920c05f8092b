#pragma once

#include "domain/request.h"
#include "ingress.h"

#include <bson/bson.h>

/* Reads the body as one small JSON object; it belongs to the call's arena. */
bool body_read_object(struct call *call, const bson_t **out, struct request_fault *fault) MUST_USE;
