#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <bson/bson.h>
#include <stdint.h>

/*
 * Where uploaded files and reports lie: in GridFS of our database, or in a bucket of S3, as the
 * tenant's document says. Safe to use from several threads. Error kinds of every call: ERR_INVALID
 * (a key or name that is not allowed), ERR_NOT_FOUND (no such file), ERR_CONFLICT (the key is being
 * written by somebody else), ERR_UNAVAILABLE (no connection, time-out, the store is busy),
 * ERR_INTERNAL (the store refuses: keys, bucket or settings are wrong).
 */

struct config;
struct store;
struct blobs;

/* What the stores of all tenants share. Contacts nothing; `config` and `store` are borrowed. */
bool blobs_open(const struct config *config, struct store *store, struct blobs **out,
                struct err *err) MUST_USE;
void blobs_close(struct blobs *blobs); /* NULL is allowed */
DEFINE_AUTO(blobs, struct blobs, blobs_close)

/* ---- the store of a tenant ---- */

enum blob_kind { BLOB_GRIDFS, BLOB_S3 };

enum { BLOB_TENANT_SIZE = 64, BLOB_BUCKET_SIZE = 64 };

struct blob_store {
    enum blob_kind kind;
    char tenant[BLOB_TENANT_SIZE];
    char bucket[BLOB_BUCKET_SIZE]; /* "" in GridFS */
};

/* Reads the field `store` of a document of `tenants`: {type: "gridfs"}, which an absent field
 * stands for, or {type: "s3", bucket}. ERR_NOT_FOUND when it is null: the tenant has none.
 * ERR_INTERNAL for anything else. */
bool blob_store_of_tenant(const bson_t *tenant, struct blob_store *out, struct err *err) MUST_USE;

/* Where the file of a job lies: the store that its tenant had when it was sent. */
bool blob_store_of_job(const bson_t *job, struct blob_store *out, struct err *err) MUST_USE;

/* Appends the field `store` as both of the above read it. */
void blob_store_append(bson_t *out, const struct blob_store *store);

/* Whether a bucket of S3 can have this name: 3 to 63 of a-z, 0-9, '.' and '-'. */
bool blob_is_bucket(const char *name);

/* ---- files ---- */

struct blob {
    /* 1 to 128 of A-Z, a-z, 0-9, '_', '.' and '-', the first a letter or digit; names one file of
     * the whole installation. */
    const char *key;
    const char *file_name; /* as the partner calls it: 1 to 255 bytes of UTF-8 */
    const char *content_type;
};

/* Stores a file, in place of what the tenant had under this key. It is removed after
 * CONSIGN_FILE_TTL_S; from S3 by a rule of the bucket. */
bool blob_put(struct blobs *blobs, const struct blob_store *store, const struct blob *blob,
              struct str bytes, struct err *err) MUST_USE;

/* Takes a piece of a file, which it borrows; fails with an error of its own to stop. */
typedef bool (*blob_piece_fn)(void *ctx, struct str piece, struct err *err);

/* Hands over the bytes in order, in pieces of at most 255 KB. */
bool blob_read(struct blobs *blobs, const struct blob_store *store, const char *key,
               blob_piece_fn take, void *ctx, struct err *err) MUST_USE;

/* The whole file in a nameless one (base/temp.h), which the caller closes. */
bool blob_fetch(struct blobs *blobs, const struct blob_store *store, const char *key, int *out,
                struct err *err) MUST_USE;

/* ---- links ---- */

/* Appends an address at which anybody can fetch the file for CONSIGN_LINK_TTL_S from `now_ms` on.
 * Asks no server: whether there is such a file is not looked at. */
bool blob_append_link(const struct blobs *blobs, const struct blob_store *store,
                      const struct blob *blob, int64_t now_ms, struct buf *out,
                      struct err *err) MUST_USE;

/* A link into GridFS as it came back: /api/b2b/files/<key>/<file_name>?expires=&signature= */
struct blob_link {
    const char *key;
    const char *file_name; /* percent-decoded */
    int64_t expires_s;     /* seconds since the Unix epoch */
    struct str signature;
};

/* ERR_INVALID unless it was made here. Whether its time is over is for the caller to see. */
bool blob_check_link(const struct config *config, const struct blob_link *link,
                     struct err *err) MUST_USE;

/* Appends the value of a Content-Disposition header (RFC 6266) that names the file. */
void blob_append_disposition(struct buf *out, const char *file_name);
