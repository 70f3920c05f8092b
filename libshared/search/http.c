#include "search/search_internal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    CONNECT_MS = 3000,
    TOTAL_MS = 30000,
    ANSWER_MAX = 32 * 1024 * 1024,
    EXCERPT = 160,
    PARSER_PADDING = 64,
};

DEFINE_AUTO(curl_headers, struct curl_slist, curl_slist_free_all)

static CURL *take_handle(struct search *search)
{
    for (size_t i = 0; i < SEARCH_IDLE_MAX; i++) {
        CURL *handle = atomic_exchange(&search->idle[i], NULL);

        if (handle) {
            return handle;
        }
    }
    return curl_easy_init();
}

static void give_handle(struct search *search, CURL *handle)
{
    /* Settings go, the open connection stays. */
    curl_easy_reset(handle);
    for (size_t i = 0; i < SEARCH_IDLE_MAX; i++) {
        CURL *none = NULL;

        if (atomic_compare_exchange_strong(&search->idle[i], &none, handle)) {
            return;
        }
    }
    curl_easy_cleanup(handle);
}

void search_http_close_idle(struct search *search)
{
    for (size_t i = 0; i < SEARCH_IDLE_MAX; i++) {
        curl_easy_cleanup(atomic_exchange(&search->idle[i], NULL));
    }
}

static size_t on_answer(char *data, size_t size, size_t count, void *ctx)
{
    struct buf *answer = ctx;
    size_t n = size * count;

    if (answer->len + n > ANSWER_MAX) {
        return 0;
    }
    buf_add(answer, data, n);
    return n;
}

static struct curl_slist *make_headers(const struct search_request *request)
{
    char type[64];

    snprintf(type, sizeof(type), "Content-Type: %s",
             request->content_type ? request->content_type : "application/json");
    /* Without this curl asks before each larger body and waits for a "100 Continue". */
    return curl_slist_append(curl_slist_append(NULL, "Expect:"), type);
}

static void prepare(CURL *handle, const char *url, const struct search_request *request,
                    struct buf *answer)
{
    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    if (request->body.p) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body.p);
    }
}

static bool check_transfer(CURLcode code, struct err *err)
{
    if (code == CURLE_OK) {
        return true;
    }
    bool is_ours = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
                   code == CURLE_WRITE_ERROR;

    err_set(err, is_ours ? ERR_INTERNAL : ERR_UNAVAILABLE, "OpenSearch: %s",
            curl_easy_strerror(code));
    err->code = (int)code;
    return false;
}

static enum err_kind kind_of_status(long status)
{
    if (status == 429 || status >= 500) {
        return ERR_UNAVAILABLE;
    }
    if (status == 404) {
        return ERR_NOT_FOUND;
    }
    /* A credential that does not work is a broken set-up, not a bad document. */
    return status == 401 || status == 403 ? ERR_INTERNAL : ERR_INVALID;
}

static bool check_status(long status, const struct buf *answer, struct err *err)
{
    if (status >= 200 && status < 300) {
        return true;
    }
    size_t n = answer->len < EXCERPT ? answer->len : EXCERPT;

    err_set(err, kind_of_status(status), "OpenSearch answers %ld: %.*s", status, (int)n,
            n ? answer->data : "");
    err->code = (int)status;
    return false;
}

bool search_http_send(struct search *search, const struct search_request *request,
                      struct buf *answer, struct err *err)
{
    AUTO(buf) struct buf url = {0};
    AUTO(curl_headers) struct curl_slist *headers = make_headers(request);
    CURL *handle = take_handle(search);
    long status = 0;

    if (!handle) {
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    }
    buf_adds(&url, search->url);
    buf_adds(&url, request->path);
    buf_clear(answer);
    prepare(handle, url.data, request, answer);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    if (!check_transfer(curl_easy_perform(handle), err)) {
        curl_easy_cleanup(handle);
        return false;
    }
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    give_handle(search, handle);
    static const char padding[PARSER_PADDING];
    buf_add(answer, padding, sizeof(padding));
    answer->len -= sizeof(padding);
    return check_status(status, answer, err);
}
