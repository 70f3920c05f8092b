#include "body.h"

#include "reply.h"

#include "json/json.h"

/* A source travels in every chunk of its jobs, which bounds it. */
enum { MAX_BYTES = 64 * 1024, MAX_DEPTH = 32, MAX_KEYS = 1000 };

bool body_read_object(struct call *call, const bson_t **out, struct request_fault *fault)
{
    struct json_limits limits = {.max_depth = MAX_DEPTH, .max_keys = MAX_KEYS};
    struct str body = call->request->body;
    struct json_fault json;

    if (!request_is_json(web_header(call->request, "content-type"))) {
        return request_refuse(fault, PROBLEM_media_type, "%s", "");
    }
    if (body.n == 0) {
        return request_refuse(fault, PROBLEM_body_missing, "%s", "");
    }
    if (body.n > MAX_BYTES) {
        return request_refuse(fault, PROBLEM_body_too_large,
                              "the body must not have more than 64 KB");
    }
    return json_read_object(body, &limits, call->arena, out, &json) || refuse_json(fault, &json);
}
