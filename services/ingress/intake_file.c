#include "intake.h"
#include "reply.h"
#include "upload.h"

#include "domain/document.h"
#include "domain/entity.h"

#include <string.h>

/* Fields of the form that are fields of a JSON request. */
static const char *const form_fields[] = {"source_id", "merge_mode", "channel", "batch_id",
                                          "parent_job_id"};

static const char *form_text(struct arena *arena, const struct web_multipart *form,
                             const char *name)
{
    const struct web_part *part = web_multipart_find(form, name);

    return part && part->content.n > 0 ? arena_strndup(arena, part->content.p, part->content.n)
                                       : NULL;
}

/* batch_metadata is JSON, as it is inside a JSON request. */
static bool append_metadata(struct call *call, const char *json, bson_t *out,
                            struct request_fault *fault)
{
    struct json_limits limits = {.max_depth = INTAKE_MAX_DEPTH, .max_keys = INTAKE_MAX_KEYS};
    struct json_fault trouble;
    const bson_t *metadata;

    if (!json) {
        return true;
    }
    if (!json_read_object(str_from(json), &limits, call->arena, &metadata, &trouble)) {
        return refuse_json(fault, &trouble);
    }
    return BSON_APPEND_DOCUMENT(out, "batch_metadata", metadata);
}

/* The form as the envelope that a JSON request would have. */
static bool read_request(struct call *call, const struct web_multipart *form, bson_t *out,
                         struct request_fault *fault)
{
    for (size_t i = 0; i < sizeof(form_fields) / sizeof(form_fields[0]); i++) {
        const char *text = form_text(call->arena, form, form_fields[i]);

        if (text && !bson_utf8_validate(text, strlen(text), false)) {
            return request_refuse_field(fault, PROBLEM_field_value, "", form_fields[i],
                                        "must be UTF-8");
        }
        if (text) {
            bson_append_utf8(out, form_fields[i], -1, text, -1);
        }
    }
    return append_metadata(call, form_text(call->arena, form, "batch_metadata"), out, fault);
}

/* An error file that comes back says in its name, unless the form does, which job it is of. A name
 * alone obliges to nothing: it counts if there is such a job. */
static void note_parent(struct call *call, const struct import_kind *kind, const char *file_name,
                        bson_t *request)
{
    const char *mark = strstr(file_name, UPLOAD_ERRORS_MARK);
    const char *id = mark ? mark + strlen(UPLOAD_ERRORS_MARK) : "";
    struct request_fault ignored;

    id = arena_strndup(call->arena, id, strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_"));
    if (*id && !bson_has_field(request, "parent_job_id") &&
        intake_check_parent(call, kind, id, &ignored)) {
        BSON_APPEND_UTF8(request, "parent_job_id", id);
    }
}

bool intake_read_file(struct call *call, const struct import_kind *kind, struct submission *out,
                      struct request_fault *fault)
{
    struct upload *upload = arena_calloc(call->arena, 1, sizeof(*upload));
    struct web_multipart form;
    bson_t *request = document_new(call->arena);

    *out = (struct submission){.kind = kind, .request = request, .upload = upload};
    if (!upload_read(call, &form, upload, fault) || !read_request(call, &form, request, fault)) {
        return false;
    }
    note_parent(call, kind, upload->name, request);
    return request_read_envelope(&kind->shape, request, &out->envelope, fault);
}

void intake_file_digest(struct call *call, char out[DIGEST_SIZE])
{
    struct web_multipart form;
    struct err err;
    struct str type = web_header(call->request, "content-type");

    if (web_multipart_read(call->arena, type, call->request->body, &form, &err)) {
        upload_digest(&form, out);
    } else {
        digest_sha256(call->request->body, out);
    }
}
