#include "web/web_internal.h"

static int status_of(enum web_trouble trouble)
{
    switch (trouble) {
    case WEB_NO_ROUTE:
        return 404;
    case WEB_BAD_METHOD:
        return 405;
    case WEB_BODY_TOO_LARGE:
        return 413;
    case WEB_OVERLOADED:
    case WEB_DRAINING:
        return 503;
    case WEB_MALFORMED:
        return 400;
    }
    return 500;
}

static void describe(const struct web_server *server, enum web_trouble trouble,
                     struct web_reply *reply)
{
    server->options.problem(trouble, reply);
    if (trouble == WEB_OVERLOADED) {
        web_reply_header(reply, "retry-after", "1");
    }
}

void web_trouble_answer(h2o_req_t *req, enum web_trouble trouble)
{
    struct web_reply reply;

    web_reply_init(&reply, status_of(trouble));
    describe(web_server_of(req), trouble, &reply);
    web_reply_send(&reply, req);
}

/* ---- the answers of h2o ---- */

struct problem_stream {
    h2o_ostream_t super;
    h2o_iovec_t body;
};

/* h2o_send_error_generic sends its text in one call, so ours takes its place in one call. */
static void send_problem(h2o_ostream_t *stream, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                         h2o_send_state_t state)
{
    h2o_iovec_t body = ((struct problem_stream *)stream)->body;

    (void)bufs;
    h2o_ostream_send_next(stream, req, &body, count && body.len ? 1 : 0, state);
}

static void on_setup_ostream(h2o_filter_t *filter, h2o_req_t *req, h2o_ostream_t **slot)
{
    struct problem_stream *stream = (void *)h2o_add_ostream(req, sizeof(*stream), slot);
    bool is_too_large = req->res.status == 413;
    struct web_reply reply;

    (void)filter;
    web_connection_linger(req);
    web_reply_init(&reply, req->res.status);
    describe(web_server_of(req), is_too_large ? WEB_BODY_TOO_LARGE : WEB_MALFORMED, &reply);
    req->res.headers = (h2o_headers_t){.size = 0};
    stream->super.do_send = send_problem;
    stream->body = web_reply_apply(&reply, req);
    h2o_setup_next_ostream(req, &stream->super.next);
}

void web_trouble_register(h2o_pathconf_t *path)
{
    h2o_filter_t *filter = h2o_create_filter(path, sizeof(*filter));

    filter->on_setup_ostream = on_setup_ostream;
}
