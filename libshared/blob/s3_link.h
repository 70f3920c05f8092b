#pragma once

#include "base/buf.h"

#include <stdint.h>

/* An address of an S3 object with the signature in its query (AWS Signature Version 4). Pure. */
struct s3_link {
    struct str endpoint; /* "https://host:port" */
    const char *path;    /* "/bucket/key", only of characters that need no encoding */
    const char *region;
    const char *access_key;
    const char *secret_key;
    int64_t now_ms;
    int64_t ttl_s; /* 1 to 604800 */
};

void s3_link_append(const struct s3_link *link, struct buf *out);
