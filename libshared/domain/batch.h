#pragma once

#include "base/mem.h"

#include <bson/bson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A batch is a feed that a partner sends in several parts; each part is a job. A part that was sent
 * more than once is spoken for by its newest job (by the time in the job id): that one counts in
 * the totals and says whether the part is done. A job without a part number always counts.
 */

/* What the jobs folded into a document of `import_batches` add up to. */
struct batch_totals {
    int64_t parts_done; /* distinct parts whose newest job is completed */
    int64_t rows_total;
    int64_t rows_successful;
    int64_t rows_failed;
    int64_t ended_at_ms; /* when the last of the counted jobs ended; 0 without any */
    /* Every part 1..total_parts is done; or, when total_parts is not known, the completed rows
     * reach total_items. */
    bool is_complete;
};

struct batch_totals batch_compute(const bson_t *batch);

/* The entry of a finished job in `jobs` of its batch document, made from its `import_jobs`
 * document. The caller destroys it. */
bson_t *batch_entry(const bson_t *job);

/* True when the batch document holds the job already. */
bool batch_has_job(const bson_t *batch, const char *job_id);

/* Parts listed in parts_missing, and jobs listed in an event, at most. */
enum { BATCH_MAX_LISTED = 1000 };

/*
 * What GET /api/b2b/batches/{batch_id} answers (docs/API.md). `batch` is the document of
 * `import_batches`, NULL while no job of the batch has ended; `jobs` are `import_jobs` documents of
 * the batch in any order, of which those that `batch` holds already are passed over. At least one
 * document must be given. The caller destroys the result: {batch_id, status:
 * "open"|"processing"|"completed", batch_total_parts, batch_total_items, parts_seen, parts_missing
 * (the first BATCH_MAX_LISTED), parts_missing_count, parts_duplicated, rows_total, rows_processed,
 * rows_successful, rows_failed, jobs: [{job_id, batch_part, status, total_rows, processed_rows,
 * successful_rows, failed_rows}] by part and age, created_at, updated_at, completed_at}; what is
 * not known is null. "open": parts are still to come and no job is under way.
 */
bson_t *batch_summarise(const bson_t *batch, const bson_t *const *jobs, size_t job_count);
