#include "blob/blob_internal.h"
#include "blob/s3_link.h"

#include "config/config.h"
#include "domain/digest.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

enum { CONNECT_MS = 3000, STALL_S = 20, STALL_BYTES = 1024, ANSWER_MAX = 512 };

DEFINE_AUTO(curl, CURL, curl_easy_cleanup)

/* One request about an object, and what came of it. */
struct exchange {
    const char *method;
    struct str rest;    /* of what is sent */
    blob_piece_fn take; /* of what is received; NULL: nothing is */
    void *ctx;
    struct curl_slist *headers;
    CURL *handle;
    struct err *err;
    bool is_refused;         /* by `take`: *err says why */
    char answer[ANSWER_MAX]; /* the beginning of what the server says against it */
    size_t answer_length;
};

static bool check_endpoint(const struct blobs *blobs, struct err *err)
{
    return blobs->s3_endpoint_size > 0 ||
           err_set(err, ERR_INTERNAL, "CONSIGN_S3_ENDPOINT is not set");
}

/* Only characters that need no encoding. */
static void append_path(const struct blob_store *store, const char *key, struct buf *out)
{
    buf_printf(out, "/%s/%s/%s", store->bucket, store->tenant, key);
}

static long status_of(const struct exchange *exchange)
{
    long status = 0;

    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t on_send(char *out, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;
    size_t room = size * count;
    size_t n = exchange->rest.n < room ? exchange->rest.n : room;

    memcpy(out, exchange->rest.p, n);
    exchange->rest.p += n;
    exchange->rest.n -= n;
    return n;
}

static size_t on_receive(char *data, size_t size, size_t count, void *ctx)
{
    struct exchange *exchange = ctx;
    size_t n = size * count;

    if (exchange->take && status_of(exchange) == 200) {
        exchange->is_refused = !exchange->take(exchange->ctx, (struct str){data, n}, exchange->err);
        return exchange->is_refused ? 0 : n;
    }
    size_t room = sizeof(exchange->answer) - 1 - exchange->answer_length;
    size_t kept = n < room ? n : room;

    memcpy(exchange->answer + exchange->answer_length, data, kept);
    exchange->answer_length += kept;
    return n;
}

static enum err_kind kind_of_status(long status, const char *answer)
{
    if (status == 429 || status >= 500) {
        return ERR_UNAVAILABLE;
    }
    if (status == 409) {
        return ERR_CONFLICT;
    }
    return status == 404 && !strstr(answer, "NoSuchBucket") ? ERR_NOT_FOUND : ERR_INTERNAL;
}

static bool check(const struct exchange *exchange, CURLcode code, struct err *err)
{
    long status = status_of(exchange);

    if (exchange->is_refused) {
        return false;
    }
    if (code != CURLE_OK) {
        err_set(err, code == CURLE_URL_MALFORMAT ? ERR_INTERNAL : ERR_UNAVAILABLE, "S3: %s",
                curl_easy_strerror(code));
        err->code = (int)code;
        return false;
    }
    if (status >= 200 && status < 300) {
        return true;
    }
    err_set(err, kind_of_status(status, exchange->answer), "S3 answers %ld: %.160s", status,
            exchange->answer);
    err->code = (int)status;
    return false;
}

static void add_header(struct exchange *exchange, const char *name, const char *value)
{
    AUTO(buf) struct buf line = {0};

    buf_printf(&line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(exchange->headers, line.data);

    if (longer) {
        exchange->headers = longer;
    }
}

/* curl signs the headers and the path; what the content hashes to it takes from us. */
static void sign(const struct blobs *blobs, struct exchange *exchange)
{
    AUTO(buf) struct buf provider = {0};
    char hash[DIGEST_SIZE];

    digest_sha256(exchange->rest, hash);
    add_header(exchange, "x-amz-content-sha256", hash);
    buf_printf(&provider, "aws:amz:%s:s3", blobs->config->s3_region);
    curl_easy_setopt(exchange->handle, CURLOPT_AWS_SIGV4, provider.data);
    curl_easy_setopt(exchange->handle, CURLOPT_USERNAME, blobs->config->s3_access_key);
    curl_easy_setopt(exchange->handle, CURLOPT_PASSWORD, blobs->config->s3_secret_key);
}

static void prepare(struct exchange *exchange, const char *url)
{
    CURL *handle = exchange->handle;

    curl_easy_setopt(handle, CURLOPT_URL, url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, exchange->method);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_receive);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    if (strcmp(exchange->method, "PUT") == 0) {
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)exchange->rest.n);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(handle, CURLOPT_READDATA, exchange);
    }
}

/* Frees the headers, whatever comes of it. */
static bool perform(const struct blobs *blobs, const struct blob_store *store, const char *key,
                    struct exchange *exchange, struct err *err)
{
    AUTO(curl) CURL *handle = curl_easy_init();
    AUTO(buf) struct buf url = {0};

    exchange->handle = handle;
    exchange->err = err;
    bool ok = check_endpoint(blobs, err) &&
              (handle || err_set(err, ERR_INTERNAL, "libcurl does not start"));

    if (ok) {
        buf_add(&url, blobs->config->s3_endpoint, blobs->s3_endpoint_size);
        append_path(store, key, &url);
        sign(blobs, exchange);
        prepare(exchange, url.data);
        ok = check(exchange, curl_easy_perform(handle), err);
    }
    curl_slist_free_all(exchange->headers);
    return ok;
}

static bool put(struct blobs *blobs, const struct blob_store *store, const struct blob *blob,
                struct str bytes, struct err *err)
{
    AUTO(buf) struct buf disposition = {0};
    struct exchange exchange = {.method = "PUT", .rest = bytes};

    blob_append_disposition(&disposition, blob->file_name);
    add_header(&exchange, "Content-Type", blob->content_type);
    add_header(&exchange, "Content-Disposition", disposition.data);
    if (perform(blobs, store, blob->key, &exchange, err)) {
        return true;
    }
    /* There is nothing to be found by putting: a refusal is about the set-up. */
    err->kind = err->kind == ERR_NOT_FOUND ? ERR_INTERNAL : err->kind;
    return false;
}

static bool read_pieces(struct blobs *blobs, const struct blob_store *store, const char *key,
                        blob_piece_fn take, void *ctx, struct err *err)
{
    struct exchange exchange = {.method = "GET", .take = take, .ctx = ctx};

    return perform(blobs, store, key, &exchange, err);
}

static bool append_link(const struct blobs *blobs, const struct blob_store *store,
                        const struct blob *blob, int64_t now_ms, struct buf *out, struct err *err)
{
    const struct config *config = blobs->config;
    AUTO(buf) struct buf path = {0};

    if (!check_endpoint(blobs, err)) {
        return false;
    }
    append_path(store, blob->key, &path);
    s3_link_append(
        &(struct s3_link){
            .endpoint = {config->s3_endpoint, blobs->s3_endpoint_size},
            .path = path.data,
            .region = config->s3_region,
            .access_key = config->s3_access_key,
            .secret_key = config->s3_secret_key,
            .now_ms = now_ms,
            .ttl_s = config->link_ttl_s,
        },
        out);
    return true;
}

const struct blob_backend blob_s3 = {put, read_pieces, append_link};
