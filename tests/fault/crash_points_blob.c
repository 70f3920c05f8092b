#include "crash_points.h"

#include "blob/blob.h"

CRASH_POINTS(bool, blob_put,
             (struct blobs * blobs, const struct blob_store *store, const struct blob *blob,
              struct str bytes, struct err *err),
             (blobs, store, blob, bytes, err))
