#include "intake.h"

#include "reply.h"

#include "domain/document.h"
#include "domain/entity_request.h"

static bool read_body(struct call *call, const bson_t **out, struct request_fault *fault)
{
    struct json_limits limits = {.max_depth = INTAKE_MAX_DEPTH, .max_keys = INTAKE_MAX_KEYS};
    struct json_fault json;
    bool ok = json_read_object(call->request->body, &limits, call->arena, out, &json);

    web_release_body(call->request);
    return ok || refuse_json(fault, &json);
}

static struct json_row row_of(struct arena *arena, const bson_t *document)
{
    return (struct json_row){arena_memdup(arena, bson_get_data(document), document->len),
                             document->len};
}

static struct json_row product_row(struct arena *arena, const char *code)
{
    AUTO(bson) bson_t *row = BCON_NEW(entity_products.code_field, BCON_UTF8(code));

    return row_of(arena, row);
}

static const bson_t *settings_request(struct arena *arena, const char *merge_mode)
{
    bson_t *request = document_new(arena);

    BSON_APPEND_UTF8(request, "merge_mode", merge_mode);
    return request;
}

bool intake_read_entity(struct call *call, const struct import_kind *kind, struct submission *out,
                        struct request_fault *fault)
{
    const struct config *config = call->app->config;
    struct entity_target target = {kind->entity, kind->entity_id, (size_t)config->max_row_bytes,
                                   (size_t)config->max_products};
    struct entity_request request;
    const bson_t *body;

    *out = (struct submission){.kind = kind};
    if (!read_body(call, &body, fault) ||
        !entity_request_read(call->arena, &target, body, &request, fault)) {
        return false;
    }
    size_t listed = request.products.count;

    out->request = settings_request(call->arena, request.envelope.merge_mode);
    out->envelope = request.envelope;
    out->row_count = listed + 1;
    out->rows = arena_calloc(call->arena, out->row_count, sizeof(*out->rows));
    for (size_t i = 0; i < listed; i++) {
        out->rows[i] = product_row(call->arena, request.products.items[i]);
    }
    out->rows[listed] = row_of(call->arena, request.row);
    return true;
}
