#include "blob/blob_internal.h"

#include "auth/auth.h"
#include "base/clock.h"
#include "config/config.h"
#include "store/uploads.h"

#include <string.h>

static bool put(struct blobs *blobs, const struct blob_store *store, const struct blob *blob,
                struct str bytes, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    const struct upload upload = {
        .key = blob->key,
        .tenant = store->tenant,
        .file_name = blob->file_name,
        .content_type = blob->content_type,
        .size = (int64_t)bytes.n,
        .expires_at_ms = clock_now_ms() + blobs->config->file_ttl_s * 1000,
    };

    return store_session_open(blobs->store, &session, err) &&
           uploads_put(session, &upload, bytes.p, err);
}

static bool read_pieces(struct blobs *blobs, const struct blob_store *store, const char *key,
                        blob_piece_fn take, void *ctx, struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(arena) struct arena *arena = arena_new();
    struct upload upload;

    if (!store_session_open(blobs->store, &session, err) ||
        !uploads_get(session, key, arena, &upload, err)) {
        return false;
    }
    if (strcmp(upload.tenant, store->tenant) != 0) {
        return err_set(err, ERR_NOT_FOUND, "the tenant has no file %s", key);
    }
    return uploads_read(session, &upload, take, ctx, err);
}

/* ---- links ---- */

/* What is signed. A key holds no line feed and the time is digits, so no two links share a text. */
static void append_signed_text(struct buf *out, const struct blob_link *link)
{
    buf_printf(out, "%s\n%s\n%lld", link->key, link->file_name, (long long)link->expires_s);
}

static void append_base(const struct config *config, struct buf *out)
{
    size_t n = strlen(config->public_url);

    if (n > 0) {
        buf_add(out, config->public_url, n - (config->public_url[n - 1] == '/'));
    } else {
        buf_printf(out, "http://127.0.0.1:%lld", (long long)config->port);
    }
}

static bool append_link(const struct blobs *blobs, const struct blob_store *store,
                        const struct blob *blob, int64_t now_ms, struct buf *out, struct err *err)
{
    AUTO(buf) struct buf text = {0};
    const struct blob_link link = {.key = blob->key,
                                   .file_name = blob->file_name,
                                   .expires_s = now_ms / 1000 + blobs->config->link_ttl_s};
    char signature[AUTH_HASH_SIZE];

    (void)store;
    append_signed_text(&text, &link);
    if (!auth_sign_link(blobs->config, (struct str){text.data, text.len}, signature, err)) {
        return false;
    }
    append_base(blobs->config, out);
    buf_printf(out, "/api/b2b/files/%s/", blob->key);
    blob_append_encoded(out, blob->file_name);
    buf_printf(out, "?expires=%lld&signature=%s", (long long)link.expires_s, signature);
    return true;
}

bool blob_check_link(const struct config *config, const struct blob_link *link, struct err *err)
{
    AUTO(buf) struct buf text = {0};

    append_signed_text(&text, link);
    return auth_check_link(config, (struct str){text.data, text.len}, link->signature, err);
}

const struct blob_backend blob_gridfs = {put, read_pieces, append_link};
