#pragma once

#include "store/store.h"

/*
 * Appends the first 100 findings of a job to `out` as the array `key`. raw_data is null where it
 * would make the answer larger than 8 MB. `severity` is "error" or "warning". Errors as in store.h.
 */
bool findings_append(struct store_session *session, const bson_t *job, const char *severity,
                     const char *key, bson_t *out, struct err *err) MUST_USE;
