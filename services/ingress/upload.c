#include "upload.h"

#include "reply.h"

#include "base/id.h"
#include "bus/bus.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "log/log.h"
#include "message/message.h"
#include "message/topics.h"
#include "store/jobs.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME_BYTES = 255 };

/* ---- reading the form ---- */

/* What stands behind the last slash, of either kind: browsers of old sent whole paths. */
static const char *base_name(struct arena *arena, struct str name)
{
    for (size_t i = name.n; i > 0; i--) {
        if (name.p[i - 1] == '/' || name.p[i - 1] == '\\') {
            name = (struct str){name.p + i, name.n - i};
            break;
        }
    }
    return arena_strndup(arena, name.p, name.n);
}

static bool check_name(const char *name, struct upload *out, struct request_fault *fault)
{
    size_t n = strlen(name);

    if (n == 0 || n > MAX_NAME_BYTES || !bson_utf8_validate(name, n, false)) {
        return request_refuse_field(fault, PROBLEM_field_value, "", "file",
                                    "must have a name of 1 to 255 bytes");
    }
    if (!sheet_format_of_name(name, &out->format)) {
        return request_refuse_field(fault, PROBLEM_file_type, "", "file",
                                    "must be .csv, .xlsx or .xls");
    }
    out->name = name;
    return true;
}

static bool read_form(struct call *call, struct web_multipart *form, struct request_fault *fault)
{
    struct str type = web_header(call->request, "content-type");
    struct err err;

    if (!web_multipart_is(type)) {
        return request_refuse(fault, PROBLEM_media_type, "send multipart/form-data");
    }
    return web_multipart_read(call->arena, type, call->request->body, form, &err) ||
           request_refuse(fault, PROBLEM_form_syntax, "%s", err.msg);
}

bool upload_read(struct call *call, struct web_multipart *form, struct upload *out,
                 struct request_fault *fault)
{
    const struct web_part *file;

    *out = (struct upload){0};
    if (!read_form(call, form, fault)) {
        return false;
    }
    file = web_multipart_find(form, "file");
    if (!file || !file->file_name.p) {
        return request_refuse_field(fault, PROBLEM_field_missing, "", "file", "is missing");
    }
    if (file->content.n > (size_t)call->app->config->max_file_bytes) {
        return request_refuse(fault, PROBLEM_body_too_large, "the file has more than %lld bytes",
                              (long long)call->app->config->max_file_bytes);
    }
    out->content = file->content;
    return check_name(base_name(call->arena, file->file_name), out, fault);
}

bool upload_find_store(struct upload *upload, const bson_t *tenant, struct request_fault *fault)
{
    struct err err;

    return blob_store_of_tenant(tenant, &upload->store, &err) ||
           refuse_error(fault, &err, PROBLEM_store_not_configured);
}

void upload_digest(const struct web_multipart *form, char out[DIGEST_SIZE])
{
    AUTO(buf) struct buf all = {0};
    char digest[DIGEST_SIZE];

    for (size_t i = 0; i < form->count; i++) {
        const struct web_part *part = &form->parts[i];

        digest_sha256(part->content, digest);
        buf_printf(&all, "%zu:", part->name.n);
        buf_add(&all, part->name.p, part->name.n);
        buf_printf(&all, "%zu:", part->file_name.n);
        buf_add(&all, part->file_name.p, part->file_name.n);
        buf_adds(&all, digest);
    }
    digest_sha256((struct str){all.data, all.len}, out);
}

/* ---- keeping the file ---- */

static const char *key_of(struct arena *arena, const struct upload *upload, const char *job_id)
{
    return arena_printf(arena, "%s.%s", job_id, sheet_format_name(upload->format));
}

const char *upload_content_type(enum sheet_format format)
{
    static const char *const types[] = {
        [SHEET_CSV] = "text/csv",
        [SHEET_XLSX] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        [SHEET_XLS] = "application/vnd.ms-excel",
    };

    return types[format];
}

bson_t *upload_describe(const struct upload *upload, const char *job_id)
{
    AUTO(arena) struct arena *arena = arena_new();
    bson_t *out = bson_new();
    const char *key = key_of(arena, upload, job_id);

    BSON_APPEND_UTF8(out, "key", key);
    BSON_APPEND_UTF8(out, "name", upload->name);
    BSON_APPEND_INT64(out, "size", (int64_t)upload->content.n);
    BSON_APPEND_UTF8(out, "format", sheet_format_name(upload->format));
    blob_store_append(out, &upload->store);
    return out;
}

bool upload_keep(struct call *call, const struct upload *upload, const char *job_id,
                 struct request_fault *fault)
{
    const struct blob blob = {.key = key_of(call->arena, upload, job_id),
                              .file_name = upload->name,
                              .content_type = upload_content_type(upload->format)};
    struct err err;
    bool ok = blob_put(call->app->blobs, &upload->store, &blob, upload->content, &err);

    web_release_body(call->request);
    if (!ok) {
        log_error("keeping the file: %s", err.msg);
        request_refuse(fault, PROBLEM_upload_failed, "%s", "");
    }
    return ok;
}

bool upload_announce(struct call *call, const struct submission *submission, const char *job_id,
                     struct err *err)
{
    const struct import_file file = {
        .job_id = job_id,
        .tenant = call->who.tenant,
        .entity = submission->kind->entity->name,
        .trace_id = call->trace_id,
        .lanes = submission->lanes,
        .settings = submission->settings,
        .blob = key_of(call->arena, submission->upload, job_id),
    };
    const struct bus_out message = {
        .topic = TOPIC_IMPORT_FILES,
        .key = call->who.tenant,
        .value = import_file_encode(call->arena, &file),
        .headers = {{"job-id", job_id}, {"tenant", call->who.tenant}, {"trace-id", call->trace_id}},
    };

    return bus_publish(call->app->producer, &message, 1, call->app->config->publish_timeout_ms,
                       err);
}

/* ---- afterwards ---- */

static const char *link_to(struct call *call, const struct blob_store *store,
                           const struct blob *blob)
{
    AUTO(buf) struct buf link = {0};
    struct err err;

    if (!blob_append_link(call->app->blobs, store, blob, call->now_ms, &link, &err)) {
        log_warn("linking a file: %s", err.msg);
        return NULL;
    }
    return arena_strndup(call->arena, link.data, link.len);
}

const char *upload_link(struct call *call, const struct upload *upload, const char *job_id)
{
    struct blob blob = {.key = key_of(call->arena, upload, job_id), .file_name = upload->name};

    return link_to(call, &upload->store, &blob);
}

const char *upload_link_of_job(struct call *call, const bson_t *job)
{
    struct blob blob = {.key = document_text(job, "file.key"),
                        .file_name = document_text(job, "file.name")};
    struct blob_store store;
    struct err err;

    return blob.key && blob.file_name && blob_store_of_job(job, &store, &err)
               ? link_to(call, &store, &blob)
               : NULL;
}

bool upload_reply(struct call *call, int fd, enum sheet_format format, const char *name,
                  struct err *err)
{
    AUTO(buf) struct buf disposition = {0};
    char piece[64 * 1024];
    off_t at = 0;

    for (ssize_t n; (n = pread(fd, piece, sizeof(piece), at)) != 0; at += n) {
        if (n < 0) {
            return err_set(err, ERR_UNAVAILABLE, "a temporary file cannot be read");
        }
        buf_add(&call->reply->body, piece, (size_t)n);
    }
    blob_append_disposition(&disposition, name);
    call->reply->content_type = upload_content_type(format);
    web_reply_header(call->reply, "content-disposition",
                     arena_strndup(call->arena, disposition.data, disposition.len));
    return true;
}
