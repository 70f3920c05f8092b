#include "blob/blob_internal.h"

#include "base/temp.h"
#include "config/config.h"

#include <curl/curl.h>
#include <string.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define UNRESERVED UPPER LOWER DIGITS "-._~"

enum { KEY_MAX = 128, NAME_MAX_BYTES = 255, BUCKET_MIN = 3 };

static const struct blob_backend *backend_of(const struct blob_store *store)
{
    return store->kind == BLOB_S3 ? &blob_s3 : &blob_gridfs;
}

/* Host and port alone: what is signed is the path that is sent. */
static bool read_endpoint(struct blobs *blobs, struct err *err)
{
    const char *endpoint = blobs->config->s3_endpoint;
    size_t n = strlen(endpoint);
    size_t scheme = strncmp(endpoint, "https://", 8) == 0  ? 8
                    : strncmp(endpoint, "http://", 7) == 0 ? 7
                                                           : 0;

    if (n == 0) {
        return true;
    }
    n -= endpoint[n - 1] == '/';
    if (scheme == 0 || n <= scheme ||
        strspn(endpoint + scheme, UPPER LOWER DIGITS "-.:[]") != n - scheme) {
        return err_set(err, ERR_INVALID,
                       "CONSIGN_S3_ENDPOINT=\"%s\": http:// or https://, host and port are needed",
                       endpoint);
    }
    blobs->s3_endpoint_size = n;
    return true;
}

bool blobs_open(const struct config *config, struct store *store, struct blobs **out,
                struct err *err)
{
    struct blobs blobs = {.config = config, .store = store};

    if (!read_endpoint(&blobs, err)) {
        return false;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(err, ERR_INTERNAL, "libcurl does not start");
    }
    *out = mem_alloc(sizeof(blobs));
    **out = blobs;
    return true;
}

void blobs_close(struct blobs *blobs)
{
    if (blobs) {
        mem_free(blobs);
        curl_global_cleanup();
    }
}

/* ---- what may stand where ---- */

bool blob_is_bucket(const char *name)
{
    size_t n = strlen(name);

    return n >= BUCKET_MIN && n < BLOB_BUCKET_SIZE && strspn(name, LOWER DIGITS ".-") == n &&
           !strchr(".-", name[0]) && !strchr(".-", name[n - 1]) && !strstr(name, "..");
}

/* No key is ".", ".." or hidden: it is a segment of paths. */
static bool check_key(const char *key, struct err *err)
{
    size_t n = strlen(key);

    if (n == 0 || n > KEY_MAX || strspn(key, UPPER LOWER DIGITS "-_.") != n ||
        strchr("-_.", key[0])) {
        return err_set(err, ERR_INVALID, "\"%.40s\" cannot be the key of a file", key);
    }
    return true;
}

static bool check_blob(const struct blob *blob, struct err *err)
{
    size_t n = strlen(blob->file_name);

    if (!check_key(blob->key, err)) {
        return false;
    }
    if (n == 0 || n > NAME_MAX_BYTES || !bson_utf8_validate(blob->file_name, n, false)) {
        return err_set(err, ERR_INVALID, "a file name takes 1 to %d bytes of UTF-8",
                       NAME_MAX_BYTES);
    }
    return true;
}

/* ---- the store of a tenant ---- */

static bool copy_text(const bson_t *document, const char *name, char *out, size_t size)
{
    bson_iter_t value;
    uint32_t n = 0;
    const char *text = bson_iter_init_find(&value, document, name) && BSON_ITER_HOLDS_UTF8(&value)
                           ? bson_iter_utf8(&value, &n)
                           : NULL;

    if (!text || n == 0 || n >= size) {
        return false;
    }
    memcpy(out, text, n + 1);
    return true;
}

static bool read_store(const bson_t *document, struct blob_store *out)
{
    char type[8];

    if (!copy_text(document, "type", type, sizeof(type))) {
        return false;
    }
    out->kind = strcmp(type, "s3") == 0 ? BLOB_S3 : BLOB_GRIDFS;
    return out->kind == BLOB_S3 ? copy_text(document, "bucket", out->bucket, sizeof(out->bucket)) &&
                                      blob_is_bucket(out->bucket)
                                : strcmp(type, "gridfs") == 0;
}

/* The store in `document`, which names its tenant in `owner`. */
static bool store_at(const bson_t *document, const char *owner, const char *path,
                     struct blob_store *out, struct err *err)
{
    struct blob_store store = {.kind = BLOB_GRIDFS};
    const uint8_t *data = NULL;
    uint32_t size = 0;
    bson_iter_t outer;
    bson_iter_t value;
    bson_t nested;

    if (!copy_text(document, owner, store.tenant, sizeof(store.tenant))) {
        return err_set(err, ERR_INTERNAL, "a stored document has no %s", owner);
    }
    if (bson_iter_init(&outer, document) && bson_iter_find_descendant(&outer, path, &value)) {
        if (BSON_ITER_HOLDS_NULL(&value)) {
            return err_set(err, ERR_NOT_FOUND, "tenant %s has no store for files", store.tenant);
        }
        if (BSON_ITER_HOLDS_DOCUMENT(&value)) {
            bson_iter_document(&value, &size, &data);
        }
        if (!data || !bson_init_static(&nested, data, size) || !read_store(&nested, &store)) {
            return err_set(err, ERR_INTERNAL, "the store of tenant %s is damaged", store.tenant);
        }
    }
    *out = store;
    return true;
}

bool blob_store_of_tenant(const bson_t *tenant, struct blob_store *out, struct err *err)
{
    return store_at(tenant, "_id", "store", out, err);
}

bool blob_store_of_job(const bson_t *job, struct blob_store *out, struct err *err)
{
    return store_at(job, "tenant", "file.store", out, err);
}

void blob_store_append(bson_t *out, const struct blob_store *store)
{
    bson_t nested;

    BSON_APPEND_DOCUMENT_BEGIN(out, "store", &nested);
    BSON_APPEND_UTF8(&nested, "type", store->kind == BLOB_S3 ? "s3" : "gridfs");
    if (store->kind == BLOB_S3) {
        BSON_APPEND_UTF8(&nested, "bucket", store->bucket);
    }
    bson_append_document_end(out, &nested);
}

/* ---- files ---- */

bool blob_put(struct blobs *blobs, const struct blob_store *store, const struct blob *blob,
              struct str bytes, struct err *err)
{
    return check_blob(blob, err) && backend_of(store)->put(blobs, store, blob, bytes, err);
}

bool blob_read(struct blobs *blobs, const struct blob_store *store, const char *key,
               blob_piece_fn take, void *ctx, struct err *err)
{
    return check_key(key, err) && backend_of(store)->read(blobs, store, key, take, ctx, err);
}

static bool write_piece(void *ctx, struct str piece, struct err *err)
{
    const int *fd = ctx;

    return temp_write(*fd, piece, err);
}

bool blob_fetch(struct blobs *blobs, const struct blob_store *store, const char *key, int *out,
                struct err *err)
{
    AUTO(fd) int fd = -1;

    if (!temp_open(&fd, err) || !blob_read(blobs, store, key, write_piece, &fd, err)) {
        return false;
    }
    *out = fd;
    fd = -1;
    return true;
}

bool blob_append_link(const struct blobs *blobs, const struct blob_store *store,
                      const struct blob *blob, int64_t now_ms, struct buf *out, struct err *err)
{
    return check_blob(blob, err) &&
           backend_of(store)->append_link(blobs, store, blob, now_ms, out, err);
}

/* ---- names in addresses and headers ---- */

void blob_append_encoded(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr(UNRESERVED, *text)) {
            buf_addc(out, *text);
        } else {
            buf_printf(out, "%%%02X", (unsigned char)*text);
        }
    }
}

void blob_append_disposition(struct buf *out, const char *file_name)
{
    buf_adds(out, "attachment; filename*=UTF-8''");
    blob_append_encoded(out, file_name);
}
