#include "blob/s3_link.h"

#include "domain/digest.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { STAMP_SIZE = 17, DAY_LENGTH = 8 };

struct scope {
    char stamp[STAMP_SIZE]; /* "20130524T000000Z"; its first 8 characters are the day */
    const char *region;
};

static void write_stamp(int64_t now_ms, char out[STAMP_SIZE])
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(out, STAMP_SIZE, "%Y%m%dT%H%M%SZ", &utc);
}

/* The parameters in the order of their names, as the canonical request wants them. */
static void append_query(const struct s3_link *link, const struct scope *scope, struct buf *out)
{
    buf_printf(out,
               "X-Amz-Algorithm=" ALGORITHM
               "&X-Amz-Credential=%s%%2F%.*s%%2F%s%%2Fs3%%2Faws4_request"
               "&X-Amz-Date=%s&X-Amz-Expires=%lld&X-Amz-SignedHeaders=host",
               link->access_key, DAY_LENGTH, scope->stamp, scope->region, scope->stamp,
               (long long)link->ttl_s);
}

static void hash_request(const struct s3_link *link, const struct scope *scope,
                         char out[DIGEST_SIZE])
{
    AUTO(buf) struct buf text = {0};
    const char *host = strstr(link->endpoint.p, "://") + 3;
    size_t host_length = link->endpoint.n - (size_t)(host - link->endpoint.p);

    buf_printf(&text, "GET\n%s\n", link->path);
    append_query(link, scope, &text);
    buf_printf(&text, "\nhost:%.*s\n\nhost\nUNSIGNED-PAYLOAD", (int)host_length, host);
    digest_sha256((struct str){text.data, text.len}, out);
}

/* The key of this day, region and service, derived step by step from the secret. */
static void derive_key(const struct s3_link *link, const struct scope *scope,
                       unsigned char key[DIGEST_BYTES])
{
    const struct str steps[] = {
        {scope->stamp, DAY_LENGTH}, str_from(scope->region), STR("s3"), STR("aws4_request")};
    AUTO(buf) struct buf secret = {0};

    buf_printf(&secret, "AWS4%s", link->secret_key);
    struct str from = {secret.data, secret.len};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        digest_hmac_sha256(from, steps[i], key);
        from = (struct str){(const char *)key, DIGEST_BYTES};
    }
    memset(secret.data, 0, secret.len);
}

static void sign(const struct s3_link *link, const struct scope *scope, char out[DIGEST_SIZE])
{
    AUTO(buf) struct buf text = {0};
    unsigned char key[DIGEST_BYTES];
    char request[DIGEST_SIZE];

    hash_request(link, scope, request);
    buf_printf(&text, ALGORITHM "\n%s\n%.*s/%s/s3/aws4_request\n%s", scope->stamp, DAY_LENGTH,
               scope->stamp, scope->region, request);
    derive_key(link, scope, key);
    digest_hmac_sha256((struct str){(const char *)key, sizeof(key)},
                       (struct str){text.data, text.len}, key);
    digest_write_hex(key, out);
}

void s3_link_append(const struct s3_link *link, struct buf *out)
{
    struct scope scope = {.region = link->region};
    char signature[DIGEST_SIZE];

    write_stamp(link->now_ms, scope.stamp);
    sign(link, &scope, signature);
    buf_add(out, link->endpoint.p, link->endpoint.n);
    buf_printf(out, "%s?", link->path);
    append_query(link, &scope, out);
    buf_printf(out, "&X-Amz-Signature=%s", signature);
}
