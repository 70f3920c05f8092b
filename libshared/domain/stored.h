#pragma once

#include <bson/bson.h>
#include <stdint.h>

/* Reading the system's own documents, beside document_text and document_int64. A path may be
 * dotted. */

/* Milliseconds since the Unix epoch; the fallback when there is no date. */
int64_t stored_date(const bson_t *document, const char *path, int64_t fallback);

/* How many rows a job has; while nobody knows that, how many of them have an outcome. */
int64_t stored_total_rows(const bson_t *job);

/* All chunk numbers of a job are below this: one of its lanes may have all of its chunks. The
 * fallback while nobody knows how many there are. */
int64_t stored_chunk_end(const bson_t *job, int64_t fallback);

/* Appends the field at `path` of `from` to `to` under the name `as`; null when it is absent. */
void stored_copy(const bson_t *from, const char *path, bson_t *to, const char *as);
