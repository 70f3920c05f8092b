#include "store/uploads.h"

#include "base/clock.h"
#include "domain/document.h"
#include "domain/stored.h"

#define FILES "uploads.files"
#define CHUNKS "uploads.chunks"

/* Chunks outlive their file by a while, so that one who reads it at the last moment finds them. */
enum { CHUNK_BYTES = 255 * 1024, CHUNKS_AT_ONCE = 16, CHUNKS_STAY_MS = 60 * 60 * 1000 };

static bson_t *file_filter(const char *tenant, const char *key)
{
    return BCON_NEW("_id", BCON_UTF8(key), "metadata.tenant", BCON_UTF8(tenant));
}

/* No file is no failure. */
static bool delete_file(struct store_session *session, const char *tenant, const char *key,
                        struct err *err)
{
    AUTO(bson) bson_t *file = file_filter(tenant, key);
    AUTO(bson) bson_t *chunks = BCON_NEW("files_id", BCON_UTF8(key), "tenant", BCON_UTF8(tenant));

    return store_delete(session, FILES, file, NULL, err) &&
           store_delete_many(session, CHUNKS, chunks, err);
}

static bson_t *make_chunk(const struct upload *upload, int32_t n, struct str piece)
{
    return BCON_NEW("files_id", BCON_UTF8(upload->key), "n", BCON_INT32(n), "data",
                    BCON_BIN(BSON_SUBTYPE_BINARY, (const uint8_t *)piece.p, (uint32_t)piece.n),
                    "tenant", BCON_UTF8(upload->tenant), "expires_at",
                    BCON_DATE_TIME(upload->expires_at_ms + CHUNKS_STAY_MS));
}

/* Cuts at most CHUNKS_AT_ONCE chunks off the front of `rest` and inserts them. */
static bool insert_chunks(struct store_session *session, const struct upload *upload, int32_t first,
                          struct str *rest, struct err *err)
{
    bson_t *chunks[CHUNKS_AT_ONCE];
    size_t count = 0;

    for (; count < CHUNKS_AT_ONCE && rest->n > 0; count++) {
        struct str piece = {rest->p, rest->n < CHUNK_BYTES ? rest->n : CHUNK_BYTES};

        chunks[count] = make_chunk(upload, first + (int32_t)count, piece);
        rest->p += piece.n;
        rest->n -= piece.n;
    }
    bool ok = store_insert_many(session, CHUNKS, (const bson_t *const *)chunks, count, err);

    for (size_t i = 0; i < count; i++) {
        bson_destroy(chunks[i]);
    }
    return ok;
}

static bool insert_file(struct store_session *session, const struct upload *upload, struct err *err)
{
    AUTO(bson)
    bson_t *file =
        BCON_NEW("_id", BCON_UTF8(upload->key), "length", BCON_INT64(upload->size), "chunkSize",
                 BCON_INT32(CHUNK_BYTES), "uploadDate", BCON_DATE_TIME(clock_now_ms()), "filename",
                 BCON_UTF8(upload->file_name), "metadata", "{", "tenant", BCON_UTF8(upload->tenant),
                 "contentType", BCON_UTF8(upload->content_type), "}", "expires_at",
                 BCON_DATE_TIME(upload->expires_at_ms));

    return store_insert(session, FILES, file, err);
}

bool uploads_put(struct store_session *session, const struct upload *upload, const void *bytes,
                 struct err *err)
{
    struct str rest = {bytes, (size_t)upload->size};
    int32_t first = 0;

    if (!delete_file(session, upload->tenant, upload->key, err)) {
        return false;
    }
    for (; rest.n > 0; first += CHUNKS_AT_ONCE) {
        if (!insert_chunks(session, upload, first, &rest, err)) {
            return false;
        }
    }
    return insert_file(session, upload, err);
}

static const char *copy_text(struct arena *arena, const bson_t *file, const char *path)
{
    const char *text = document_text(file, path);

    return arena_strdup(arena, text ? text : "");
}

bool uploads_get(struct store_session *session, const char *key, struct arena *arena,
                 struct upload *out, struct err *err)
{
    AUTO(bson) bson_t *file = NULL;

    if (!store_get(session, FILES, key, &file, err)) {
        return false;
    }
    struct upload upload = {
        .key = arena_strdup(arena, key),
        .tenant = copy_text(arena, file, "metadata.tenant"),
        .file_name = copy_text(arena, file, "filename"),
        .content_type = copy_text(arena, file, "metadata.contentType"),
        .size = document_int64(file, "length", 0),
        .expires_at_ms = stored_date(file, "expires_at", 0),
    };

    if (upload.expires_at_ms <= clock_now_ms()) {
        return err_set(err, ERR_NOT_FOUND, "the time of file %s is over", key);
    }
    *out = upload;
    return true;
}

struct reading {
    upload_piece_fn take;
    void *ctx;
    int64_t next;
    int64_t bytes;
    bool is_refused; /* *err says why */
    struct err *err;
};

static bool read_chunk(void *ctx, const bson_t *chunk)
{
    struct reading *reading = ctx;
    bson_iter_t data;
    const uint8_t *bytes;
    uint32_t n;

    if (document_int64(chunk, "n", -1) != reading->next ||
        !bson_iter_init_find(&data, chunk, "data") || !BSON_ITER_HOLDS_BINARY(&data)) {
        return false;
    }
    bson_iter_binary(&data, NULL, &n, &bytes);
    reading->next++;
    reading->bytes += n;
    reading->is_refused =
        !reading->take(reading->ctx, (struct str){(const char *)bytes, n}, reading->err);
    return !reading->is_refused;
}

bool uploads_read(struct store_session *session, const struct upload *upload, upload_piece_fn take,
                  void *ctx, struct err *err)
{
    AUTO(bson) bson_t *filter = BCON_NEW("files_id", BCON_UTF8(upload->key));
    AUTO(bson)
    bson_t *options =
        BCON_NEW("sort", "{", "n", BCON_INT32(1), "}", "batchSize", BCON_INT32(CHUNKS_AT_ONCE));
    struct reading reading = {.take = take, .ctx = ctx, .err = err};

    if (!store_find(session, CHUNKS, filter, options, read_chunk, &reading, err) ||
        reading.is_refused) {
        return false;
    }
    return reading.bytes == upload->size ||
           err_set(err, ERR_INTERNAL, "file %s is not whole", upload->key);
}
