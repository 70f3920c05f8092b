#include "store/locks.h"

#include "body.h"
#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"

#include "domain/document.h"

#include <string.h>

enum { MAX_LOCKS = 200 };

static bool check_path(const bson_iter_t *value, struct request_fault *fault)
{
    uint32_t length;
    const char *path = BSON_ITER_HOLDS_UTF8(value) ? bson_iter_utf8(value, &length) : "";

    if (!*path || length > REQUEST_MAX_TEXT || strlen(path) != length) {
        return request_refuse(fault, PROBLEM_field_value,
                              "locked_fields[%s] must be a dotted path of 1 to 256 bytes",
                              bson_iter_key(value));
    }
    return true;
}

static bool read_fields(struct call *call, const bson_t **out, struct request_fault *fault)
{
    const bson_t *body;
    bson_iter_t fields;
    bson_iter_t field;
    int count = 0;

    if (!body_read_object(call, &body, fault)) {
        return false;
    }
    if (!bson_iter_init_find(&fields, body, "locked_fields") || !BSON_ITER_HOLDS_ARRAY(&fields) ||
        !bson_iter_recurse(&fields, &field)) {
        return request_refuse(fault, PROBLEM_field_missing,
                              "locked_fields must be a list of paths");
    }
    while (bson_iter_next(&field)) {
        if (++count > MAX_LOCKS) {
            return request_refuse(fault, PROBLEM_field_value,
                                  "locked_fields must not hold more than %d paths", MAX_LOCKS);
        }
        if (!check_path(&field, fault)) {
            return false;
        }
    }
    *out = document_nested(call->arena, &fields);
    return true;
}

static bool lock_product(struct call *call, const bson_t *fields, struct request_fault *fault)
{
    struct err err;

    return locks_put(call->session, call->who.tenant, params_path(call, 0), fields, &err) ||
           refuse_error(fault, &err, PROBLEM_product_not_found);
}

void products_lock(struct call *call)
{
    const bson_t *fields;
    struct request_fault fault;

    if (!read_fields(call, &fields, &fault) || !lock_product(call, fields, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    AUTO(bson)
    bson_t *out = BCON_NEW("success", BCON_BOOL(true), "entity_code",
                           BCON_UTF8(params_path(call, 0)), "locked_fields", BCON_ARRAY(fields));

    reply_document(call->reply, 200, out);
}
