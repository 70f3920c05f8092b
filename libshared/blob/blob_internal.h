#pragma once

#include "blob/blob.h"

struct blobs {
    const struct config *config;
    struct store *store;
    size_t
        s3_endpoint_size; /* of config->s3_endpoint without a slash at its end; 0: there is none */
};

/* How files are kept in one kind of store. Keys and names were checked. */
struct blob_backend {
    bool (*put)(struct blobs *blobs, const struct blob_store *store, const struct blob *blob,
                struct str bytes, struct err *err);
    bool (*read)(struct blobs *blobs, const struct blob_store *store, const char *key,
                 blob_piece_fn take, void *ctx, struct err *err);
    bool (*append_link)(const struct blobs *blobs, const struct blob_store *store,
                        const struct blob *blob, int64_t now_ms, struct buf *out, struct err *err);
};

extern const struct blob_backend blob_gridfs;
extern const struct blob_backend blob_s3;

/* Appends the text in percent-encoding (RFC 3986): what is not unreserved becomes %XX. */
void blob_append_encoded(struct buf *out, const char *text);
