#include "domain/batch.h"

#include "domain/batch_members.h"
#include "domain/document.h"
#include "domain/stored.h"

struct batch_totals batch_compute(const bson_t *batch)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct members members = members_collect(arena, batch, NULL, 0);
    struct batch_totals totals = {0};
    int64_t total_parts = document_int64(batch, "total_parts", 0);
    int64_t total_items = document_int64(batch, "total_items", 0);
    int64_t parts_in_range = 0;
    int64_t rows_done = 0;

    for (size_t i = 0; i < members.count; i++) {
        const struct member *member = &members.items[i];

        if (!member->counts) {
            continue;
        }
        totals.rows_total += member->total;
        totals.rows_successful += member->successful;
        totals.rows_failed += member->failed;
        if (member->completed_at_ms > totals.ended_at_ms) {
            totals.ended_at_ms = member->completed_at_ms;
        }
        if (member_is_completed(member)) {
            rows_done += member->total;
            totals.parts_done += member->part > 0;
            parts_in_range += member->part > 0 && member->part <= total_parts;
        }
    }
    totals.is_complete = total_parts > 0 ? parts_in_range == total_parts
                                         : total_items > 0 && rows_done >= total_items;
    return totals;
}

bson_t *batch_entry(const bson_t *job)
{
    bson_t *entry = bson_new();

    stored_copy(job, "batch_part", entry, "part");
    BSON_APPEND_INT64(entry, "total", stored_total_rows(job));
    BSON_APPEND_INT64(entry, "successful", document_int64(job, "successful_rows", 0));
    BSON_APPEND_INT64(entry, "failed", document_int64(job, "failed_rows", 0));
    BSON_APPEND_INT64(entry, "unchanged", document_int64(job, "unchanged_rows", 0));
    stored_copy(job, "status", entry, "status");
    stored_copy(job, "completed_at", entry, "completed_at");
    return entry;
}

bool batch_has_job(const bson_t *batch, const char *job_id)
{
    bson_iter_t at;
    bson_iter_t entry;

    return bson_iter_init_find(&at, batch, "jobs") && bson_iter_recurse(&at, &entry) &&
           bson_iter_find(&entry, job_id);
}
