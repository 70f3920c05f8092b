#include "reply.h"

#include "domain/answer.h"
#include "log/log.h"
#include "store/store.h"

#include <stdio.h>

static const char RETRY_AFTER_S[] = "2";

void reply_document(struct web_reply *reply, int status, const bson_t *document)
{
    reply->status = status;
    json_write(&reply->body, document);
}

static void write_problem(struct web_reply *reply, const struct request_fault *fault)
{
    AUTO(bson) bson_t *document = answer_problem(fault);

    buf_clear(&reply->body);
    reply->content_type = "application/problem+json";
    reply_document(reply, fault->problem->status, document);
}

void reply_fault(struct web_reply *reply, const struct request_fault *fault)
{
    write_problem(reply, fault);
    if (reply->status == 503) {
        web_reply_header(reply, "retry-after", RETRY_AFTER_S);
    } else if (reply->status == 401) {
        web_reply_header(reply, "www-authenticate", "ApiKey, Bearer");
    }
}

void reply_problem(struct web_reply *reply, enum problem_id problem)
{
    struct request_fault fault;

    request_refuse(&fault, problem, "%s", "");
    reply_fault(reply, &fault);
}

static enum problem_id trouble_problem(enum web_trouble trouble)
{
    switch (trouble) {
    case WEB_NO_ROUTE:
        return PROBLEM_not_found;
    case WEB_BAD_METHOD:
        return PROBLEM_method_not_allowed;
    case WEB_BODY_TOO_LARGE:
        return PROBLEM_body_too_large;
    case WEB_MALFORMED:
        return PROBLEM_bad_request;
    case WEB_OVERLOADED:
    case WEB_DRAINING:
        break;
    }
    return PROBLEM_unavailable;
}

/* The server has chosen status and headers already. */
void reply_trouble(enum web_trouble trouble, struct web_reply *reply)
{
    struct request_fault fault;
    int status = reply->status;

    request_refuse(&fault, trouble_problem(trouble), "%s", "");
    write_problem(reply, &fault);
    reply->status = status;
}

bool refuse_json(struct request_fault *fault, const struct json_fault *json)
{
    const struct problem *problem = problem_find(json->code);

    request_refuse(fault, PROBLEM_json_syntax, "%s", json->detail);
    if (problem) {
        fault->problem = problem;
    }
    fault->index = json->row;
    fault->offset = json->offset;
    snprintf(fault->path, sizeof(fault->path), "%s", json->path);
    return false;
}

bool refuse_error(struct request_fault *fault, const struct err *err, enum problem_id absent)
{
    switch (err->kind) {
    case ERR_NOT_FOUND:
        return request_refuse(fault, absent, "%s", "");
    case ERR_INVALID:
        return request_refuse(fault, PROBLEM_field_value, "%s", err->msg);
    case ERR_CONFLICT:
    case ERR_UNAVAILABLE:
        log_warn("%s: %s", err_kind_name(err->kind), err->msg);
        return request_refuse(fault, PROBLEM_unavailable, "%s", "");
    case ERR_INTERNAL:
        break;
    }
    log_error("%s: %s", err_kind_name(err->kind), err->msg);
    return request_refuse(fault, PROBLEM_internal, "%s", "");
}

void reply_error(struct web_reply *reply, const struct err *err, enum problem_id absent)
{
    struct request_fault fault;

    refuse_error(&fault, err, absent);
    reply_fault(reply, &fault);
}
