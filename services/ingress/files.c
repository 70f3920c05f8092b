#include "handlers.h"
#include "ingress.h"
#include "params.h"
#include "reply.h"

#include "blob/blob.h"
#include "log/log.h"
#include "store/uploads.h"

/* Whoever has the address has the right: it is signed, and for a time only. */
static bool check_link(struct call *call, const char *key, struct request_fault *fault)
{
    struct blob_link link = {.key = key,
                             .file_name = params_path(call, 1),
                             .signature = web_query(call->request, "signature")};
    struct err err = {.msg = "no time in it"};

    if (!params_number(call, "expires", (struct params_range){1, INT64_MAX}, &link.expires_s,
                       fault) ||
        !blob_check_link(call->app->config, &link, &err)) {
        log_info("link refused: %s", err.msg);
        return request_refuse(fault, PROBLEM_link_invalid, "%s", "");
    }
    return link.expires_s > call->now_ms / 1000 ||
           request_refuse(fault, PROBLEM_link_expired, "%s", "");
}

static bool append_piece(void *ctx, struct str piece, struct err *err)
{
    (void)err;
    buf_add(ctx, piece.p, piece.n);
    return true;
}

static void describe_file(struct call *call, const struct upload *upload)
{
    struct buf disposition = {0};

    blob_append_disposition(&disposition, upload->file_name);
    web_reply_header(call->reply, "content-disposition",
                     arena_strdup(call->arena, disposition.data));
    buf_done(&disposition);
    call->reply->content_type = upload->content_type;
}

void files_show(struct call *call)
{
    const char *key = params_path(call, 0);
    struct request_fault fault;
    struct upload upload;
    struct err err;

    if (!check_link(call, key, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    if (!uploads_get(call->session, key, call->arena, &upload, &err) ||
        !uploads_read(call->session, &upload, append_piece, &call->reply->body, &err)) {
        reply_error(call->reply, &err, PROBLEM_file_not_found);
        return;
    }
    describe_file(call, &upload);
}
