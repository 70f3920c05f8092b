#pragma once

#include "base/str.h"
#include "store/store.h"

#include <stdint.h>

/*
 * GridFS bucket `uploads`: files that partners sent and reports made for them (docs/DATA.md). Every
 * GridFS reader can read it; beyond GridFS, files and chunks carry the time at which the database
 * removes them. Error kinds as in store.h.
 */

struct upload {
    const char *key; /* the `_id`, of the whole installation */
    const char *tenant;
    const char *file_name;
    const char *content_type;
    int64_t size;
    int64_t expires_at_ms;
};

/*
 * Stores upload->size bytes under the key, in place of what the tenant had there. ERR_CONFLICT when
 * the key is another tenant's, or is being written by somebody else. On failure some chunks may
 * stay behind, unseen, until they expire.
 */
bool uploads_put(struct store_session *session, const struct upload *upload, const void *bytes,
                 struct err *err) MUST_USE;

/* ERR_NOT_FOUND when there is no such file, or its time is over. The texts of `out` belong to the
 * arena. */
bool uploads_get(struct store_session *session, const char *key, struct arena *arena,
                 struct upload *out, struct err *err) MUST_USE;

/* Takes a piece of a file, which it borrows; fails with an error of its own to stop. */
typedef bool (*upload_piece_fn)(void *ctx, struct str piece, struct err *err);

/* Hands over the bytes of a file that uploads_get found, in order, in pieces of at most 255 KB.
 * ERR_INTERNAL when some are missing. */
bool uploads_read(struct store_session *session, const struct upload *upload, upload_piece_fn take,
                  void *ctx, struct err *err) MUST_USE;
