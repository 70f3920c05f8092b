#pragma once

#include "domain/request.h"
#include "json/json.h"
#include "web/web.h"

#include <bson/bson.h>

/* Answers. A step that fails fills a request_fault and returns false; the handler then replies with
 * it, in one place. */

/* `document` as JSON. */
void reply_document(struct web_reply *reply, int status, const bson_t *document);

/* The problem document; Retry-After when the problem is one of ours and goes away by itself. */
void reply_fault(struct web_reply *reply, const struct request_fault *fault);

/* A problem that needs no further words. */
void reply_problem(struct web_reply *reply, enum problem_id problem);

/* The problem that an error of a library stands for, see refuse_error. */
void reply_error(struct web_reply *reply, const struct err *err, enum problem_id absent);

/* What the server refuses by itself. */
void reply_trouble(enum web_trouble trouble, struct web_reply *reply);

/* Refuses because of text that is no valid JSON. */
bool refuse_json(struct request_fault *fault, const struct json_fault *json);

/* Refuses because a library failed, and logs why: ERR_NOT_FOUND as `absent`, ERR_INVALID as
 * field_value with the error's text, everything else as unavailable or internal. */
bool refuse_error(struct request_fault *fault, const struct err *err, enum problem_id absent);
