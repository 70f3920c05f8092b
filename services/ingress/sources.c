#include "store/sources.h"

#include "body.h"
#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"

#include "domain/answer.h"
#include "domain/array.h"
#include "domain/document.h"
#include "domain/settings.h"

#include <string.h>

static void reply_source(struct call *call, int status, const bson_t *source)
{
    AUTO(bson) bson_t *out = bson_new();
    bson_t shown;

    BSON_APPEND_DOCUMENT_BEGIN(out, "source", &shown);
    answer_append_source(&shown, source);
    bson_append_document_end(out, &shown);
    reply_document(call->reply, status, out);
}

static bool read_source(struct call *call, const bson_t **out, struct request_fault *fault)
{
    struct err err;

    if (!body_read_object(call, out, fault)) {
        return false;
    }
    return settings_check_source(*out, &err) || refuse_error(fault, &err, PROBLEM_internal);
}

/* The id of a new source stands in its body. */
static bool check_new_id(const bson_t *source, struct request_fault *fault)
{
    const char *id = document_text(source, "source_id");

    if (!id) {
        return request_refuse(fault, PROBLEM_field_missing, "source_id is required");
    }
    return strlen(id) <= REQUEST_MAX_TEXT ||
           request_refuse(fault, PROBLEM_field_value, "source_id must have 1 to 256 bytes");
}

void sources_create(struct call *call)
{
    AUTO(bson) bson_t *stored = NULL;
    const bson_t *source;
    struct request_fault fault;
    struct err err;

    if (!read_source(call, &source, &fault) || !check_new_id(source, &fault)) {
        reply_fault(call->reply, &fault);
    } else if (sources_insert(call->session, call->who.tenant, source, &stored, &err)) {
        reply_source(call, 201, stored);
    } else if (err.kind == ERR_CONFLICT) {
        reply_problem(call->reply, PROBLEM_source_exists);
    } else {
        reply_error(call->reply, &err, PROBLEM_source_not_found);
    }
}

static bool append_source(void *ctx, const bson_t *source)
{
    struct array *array = ctx;
    bson_t item;

    array_begin_document(array, &item);
    answer_append_source(&item, source);
    array_end_document(array, &item);
    return true;
}

void sources_list_all(struct call *call)
{
    AUTO(bson) bson_t *out = bson_new();
    struct err err;
    struct array array;

    array_begin(out, "sources", &array);
    bool ok = sources_list(call->session, call->who.tenant, append_source, &array, &err);
    array_end(&array);
    if (ok) {
        reply_document(call->reply, 200, out);
    } else {
        reply_error(call->reply, &err, PROBLEM_source_not_found);
    }
}

void sources_show(struct call *call)
{
    AUTO(bson) bson_t *source = NULL;
    struct source_key key = {call->who.tenant, params_path(call, 0)};
    struct err err;

    if (sources_get(call->session, &key, &source, &err)) {
        reply_source(call, 200, source);
    } else {
        reply_error(call->reply, &err, PROBLEM_source_not_found);
    }
}

void sources_put(struct call *call)
{
    AUTO(bson) bson_t *stored = NULL;
    struct source_key key = {call->who.tenant, params_path(call, 0)};
    const bson_t *source;
    struct request_fault fault;
    struct err err;

    if (!read_source(call, &source, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    const char *id = document_text(source, "source_id");

    if (id && strcmp(id, key.source_id) != 0) {
        request_refuse(&fault, PROBLEM_field_value, "source_id must be that of the address");
        reply_fault(call->reply, &fault);
    } else if (sources_replace(call->session, &key, source, &stored, &err)) {
        reply_source(call, 200, stored);
    } else {
        reply_error(call->reply, &err, PROBLEM_source_not_found);
    }
}

void sources_remove(struct call *call)
{
    AUTO(bson) bson_t *out = BCON_NEW("success", BCON_BOOL(true));
    struct source_key key = {call->who.tenant, params_path(call, 0)};
    struct err err;

    if (sources_delete(call->session, &key, &err)) {
        reply_document(call->reply, 200, out);
    } else {
        reply_error(call->reply, &err, PROBLEM_source_not_found);
    }
}
