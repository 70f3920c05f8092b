#include "web/web_internal.h"

#include <assert.h>

void web_reply_init(struct web_reply *reply, int status)
{
    *reply = (struct web_reply){.status = status, .content_type = "application/json"};
}

static bool is_printable(const char *value)
{
    for (const unsigned char *at = (const unsigned char *)value; *at; at++) {
        if ((*at < ' ' && *at != '\t') || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

void web_reply_header(struct web_reply *reply, const char *name, const char *value)
{
    assert(reply->header_count < WEB_MAX_HEADERS);
    if (reply->header_count == WEB_MAX_HEADERS || !is_printable(value)) {
        return;
    }
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count].value = value;
    reply->header_count++;
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "";
}

static void add_header(h2o_req_t *req, const char *name, const char *value)
{
    h2o_iovec_t own_name = h2o_strdup(&req->pool, name, SIZE_MAX);
    h2o_iovec_t own_value = h2o_strdup(&req->pool, value, SIZE_MAX);

    h2o_add_header_by_str(&req->pool, &req->res.headers, own_name.base, own_name.len, 1, NULL,
                          own_value.base, own_value.len);
}

static bool has_header(const struct web_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        if (strcmp(reply->headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void free_body(void *body)
{
    buf_done(body);
}

static h2o_iovec_t move_body(struct web_reply *reply, h2o_req_t *req)
{
    struct buf *body = h2o_mem_alloc_shared(&req->pool, sizeof(*body), free_body);

    *body = reply->body;
    reply->body = (struct buf){0};
    return h2o_iovec_init(body->data, body->len);
}

h2o_iovec_t web_reply_apply(struct web_reply *reply, h2o_req_t *req)
{
    bool may_have_body = reply->status != 204 && reply->status != 304;
    h2o_iovec_t body = move_body(reply, req);

    req->res.status = reply->status;
    req->res.reason = reason_of(reply->status);
    if (may_have_body) {
        req->res.content_length = body.len;
        add_header(req, "content-type", reply->content_type);
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        add_header(req, reply->headers[i].name, reply->headers[i].value);
    }
    if (!has_header(reply, "cache-control")) {
        add_header(req, "cache-control", "no-store");
    }
    add_header(req, "x-content-type-options", "nosniff");
    return may_have_body ? body : h2o_iovec_init(NULL, 0);
}

void web_reply_send(struct web_reply *reply, h2o_req_t *req)
{
    static h2o_generator_t
        all_at_once; /* neither field is used when the whole body goes out in one call */
    h2o_iovec_t body = web_reply_apply(reply, req);
    bool is_head = h2o_memis(req->method.base, req->method.len, H2O_STRLIT("HEAD"));

    if (web_server_of(req)->is_draining) {
        req->http1_is_persistent = 0;
    }
    h2o_start_response(req, &all_at_once);
    h2o_send(req, &body, body.len && !is_head ? 1 : 0, H2O_SEND_STATE_FINAL);
}
