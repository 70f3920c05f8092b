#include "intake.h"

#include "reply.h"
#include "upload.h"

#include "domain/document.h"
#include "domain/entity.h"
#include "domain/entity_request.h"
#include "domain/lane.h"
#include "domain/settings.h"
#include "message/message.h"
#include "store/jobs.h"
#include "store/sources.h"
#include "store/tenants.h"

#include <string.h>

enum { MAX_LANES = 64 };

static bool read_rows(struct call *call, const struct import_kind *kind, struct json_import *out,
                      struct request_fault *fault)
{
    const struct config *config = call->app->config;
    struct json_limits limits = {.max_depth = INTAKE_MAX_DEPTH,
                                 .max_keys = INTAKE_MAX_KEYS,
                                 .max_row_bytes = (size_t)config->max_row_bytes,
                                 .max_rows = kind->shape.max_rows};
    struct json_fault json;
    bool ok = json_read_import(call->request->body, kind->shape.rows_key, &limits, call->arena, out,
                               &json);

    /* A large body and its rows must not be held together while Kafka is waited for. */
    web_release_body(call->request);
    return ok || refuse_json(fault, &json);
}

void intake_digest(struct call *call, char out[DIGEST_SIZE])
{
    digest_sha256(call->request->body, out);
}

static struct str row_bytes(const struct json_row *row)
{
    return (struct str){(const char *)row->bson, row->bson ? row->size : 0};
}

/* A row that was too large to keep is an error of its own, told by its job. */
static bool check_companies(const struct submission *submission, struct request_fault *fault)
{
    for (size_t i = 0; i < submission->row_count; i++) {
        const struct json_row *row = &submission->rows[i];

        if (row->bson && !request_check_company(row_bytes(row), i, fault)) {
            return false;
        }
    }
    return true;
}

static bool load_source(struct call *call, const char *source_id, bson_t **out,
                        struct request_fault *fault)
{
    struct source_key key = {call->who.tenant, source_id};
    struct err err;

    if (!source_id || sources_get(call->session, &key, out, &err)) {
        return true;
    }
    refuse_error(fault, &err, PROBLEM_source_not_found);
    if (err.kind == ERR_NOT_FOUND) {
        request_refuse(fault, PROBLEM_source_not_found, "there is no source \"%.200s\"", source_id);
    }
    return false;
}

/* The one row of an entity is known whole: what is wrong with it need not wait for an importer. */
static bool check_entity(struct call *call, const struct submission *submission,
                         struct request_fault *fault)
{
    struct import_settings settings;
    struct err err;

    if (!submission->kind->entity_id) {
        return true;
    }
    const struct json_row *row = &submission->rows[submission->row_count - 1];

    if (!settings_read(call->arena, submission->settings, &settings, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    return entity_request_check(call->arena, submission->kind->entity, &settings,
                                document_view(call->arena, row->bson, row->size), fault);
}

/* An entity comes before the products that embed it, and a lane alone keeps an order. */
static uint32_t lanes_of(const struct submission *submission, const bson_t *tenant)
{
    int64_t lanes = submission->kind->entity_id ? 1 : document_int64(tenant, "lanes", 1);

    return (uint32_t)(lanes < 1 ? 1 : lanes > MAX_LANES ? MAX_LANES : lanes);
}

bool intake_check_parent(struct call *call, const struct import_kind *kind, const char *job_id,
                         struct request_fault *fault)
{
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    if (!jobs_get(call->session, call->who.tenant, job_id, &job, &err)) {
        return refuse_error(fault, &err, PROBLEM_job_not_found);
    }
    const char *entity = document_text(job, "entity");

    return (entity && strcmp(entity, kind->entity->name) == 0) ||
           request_refuse_field(fault, PROBLEM_job_not_found, "", "parent_job_id",
                                "imported another kind of entity");
}

bool intake_prepare(struct call *call, struct submission *submission, struct request_fault *fault)
{
    AUTO(bson) bson_t *tenant = NULL;
    AUTO(bson) bson_t *source = NULL;
    struct err err;

    const char *parent = submission->envelope.parent_job_id;

    if (parent && !intake_check_parent(call, submission->kind, parent, fault)) {
        return false;
    }
    if (!load_source(call, submission->envelope.source_id, &source, fault)) {
        return false;
    }
    if (!tenants_get(call->session, call->who.tenant, &tenant, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    AUTO(bson)
    bson_t *settings = settings_build(&(struct settings_parts){
        .tenant = tenant, .source = source, .request = submission->request});

    submission->settings = (struct str){
        arena_memdup(call->arena, bson_get_data(settings), settings->len), settings->len};
    submission->lanes = lanes_of(submission, tenant);
    if (submission->upload && !upload_find_store(submission->upload, tenant, fault)) {
        return false;
    }
    return check_entity(call, submission, fault) && intake_cut(call, submission, fault);
}

/* The lane follows from the code that the importer will find in the row. With one lane, as most
 * tenants have, no code is looked for. */
static bool assign_lanes(const struct submission *submission, struct chunk_row *rows,
                         struct request_fault *fault)
{
    AUTO(arena) struct arena *settings_arena = arena_new();
    AUTO(arena) struct arena *row_arena = arena_new();
    struct import_settings settings;
    const struct lane_query query = {submission->kind->entity, &settings, submission->lanes};
    struct err err;

    if (submission->lanes == 1) {
        return true;
    }
    if (!settings_read(settings_arena, submission->settings, &settings, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    for (size_t i = 0; i < submission->row_count; i++) {
        const struct json_row *row = &submission->rows[i];

        rows[i].lane = row->bson ? lane_of_row(row_arena, &query,
                                               document_view(row_arena, row->bson, row->size))
                                 : 0;
        arena_reset(row_arena);
    }
    return true;
}

bool intake_cut(struct call *call, struct submission *submission, struct request_fault *fault)
{
    const struct config *config = call->app->config;
    bool is_framed = submission->kind->entity_id;
    size_t count = submission->row_count - is_framed;
    struct chunk_row *rows = arena_calloc(call->arena, count, sizeof(*rows));
    struct chunk_limits limits = {
        .rows = (size_t)config->chunk_rows,
        .bytes = import_chunk_room((size_t)config->chunk_bytes, submission->settings),
        .most_bytes = import_chunk_room(IMPORT_CHUNK_MOST_BYTES, submission->settings),
        .lanes = submission->lanes,
    };

    for (size_t i = 0; i < count; i++) {
        rows[i].bytes = row_bytes(&submission->rows[i]).n;
    }
    if (!assign_lanes(submission, rows, fault)) {
        return false;
    }
    chunker_cut(call->arena, rows, count, &limits, &submission->plan);
    if (is_framed) {
        chunker_frame(call->arena, (uint32_t)count, &submission->plan);
    }
    return true;
}

bool intake_read(struct call *call, const struct import_kind *kind, struct submission *out,
                 struct request_fault *fault)
{
    struct json_import import;

    *out = (struct submission){.kind = kind};
    if (!read_rows(call, kind, &import, fault)) {
        return false;
    }
    struct request_rows rows = {import.rows_present, import.too_many_rows, import.row_count};

    if (!request_check_rows(&kind->shape, &rows, fault)) {
        return false;
    }
    out->request = import.envelope;
    out->rows = import.rows;
    out->row_count = import.row_count;
    if (!kind->shape.needs_source && !check_companies(out, fault)) {
        return false;
    }
    return request_read_envelope(&kind->shape, import.envelope, &out->envelope, fault);
}
