#include "domain/batch_members.h"

#include "domain/document.h"
#include "domain/stored.h"

#include <stdlib.h>
#include <string.h>

/* Job ids carry their time as `<prefix>_<unix ms>_<random>`; prefixes of one batch may differ. */
static int64_t job_time(const char *job_id)
{
    const char *tail = strrchr(job_id, '_');
    const char *digits = tail;

    while (digits && digits > job_id && digits[-1] != '_') {
        digits--;
    }
    return digits ? strtoll(digits, NULL, 10) : 0;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_part_and_age(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    int order = compare_numbers(a->part, b->part);

    if (order == 0) {
        order = compare_numbers(job_time(a->job_id), job_time(b->job_id));
    }
    if (order == 0) {
        order = strcmp(a->job_id, b->job_id);
    }
    return order ? order : b->folded - a->folded;
}

static struct member member_from_entry(const char *job_id, const bson_t *entry)
{
    const char *status = document_text(entry, "status");
    struct member member = {.job_id = job_id,
                            .status = status ? status : "completed",
                            .part = document_int64(entry, "part", 0),
                            .total = document_int64(entry, "total", 0),
                            .successful = document_int64(entry, "successful", 0),
                            .failed = document_int64(entry, "failed", 0),
                            .completed_at_ms = stored_date(entry, "completed_at", 0),
                            .folded = true};

    member.processed = member.successful + member.failed;
    return member;
}

static struct member member_from_job(const bson_t *job)
{
    const char *id = document_text(job, "_id");
    const char *status = document_text(job, "status");

    return (struct member){.job_id = id ? id : "",
                           .status = status ? status : "pending",
                           .part = document_int64(job, "batch_part", 0),
                           .total = stored_total_rows(job),
                           .processed = document_int64(job, "processed_rows", 0),
                           .successful = document_int64(job, "successful_rows", 0),
                           .failed = document_int64(job, "failed_rows", 0),
                           .completed_at_ms = stored_date(job, "completed_at", 0)};
}

static size_t count_entries(const bson_t *batch)
{
    bson_iter_t at;
    bson_iter_t entry;
    size_t count = 0;

    if (batch && bson_iter_init_find(&at, batch, "jobs") && bson_iter_recurse(&at, &entry)) {
        while (bson_iter_next(&entry)) {
            count++;
        }
    }
    return count;
}

static void collect_entries(const bson_t *batch, struct members *out)
{
    bson_iter_t at;
    bson_iter_t entry;

    if (!batch || !bson_iter_init_find(&at, batch, "jobs") || !bson_iter_recurse(&at, &entry)) {
        return;
    }
    while (bson_iter_next(&entry)) {
        const uint8_t *data;
        uint32_t size;
        bson_t document;

        if (!BSON_ITER_HOLDS_DOCUMENT(&entry)) {
            continue;
        }
        bson_iter_document(&entry, &size, &data);
        if (bson_init_static(&document, data, size)) {
            out->items[out->count++] = member_from_entry(bson_iter_key(&entry), &document);
        }
    }
}

bool member_is_completed(const struct member *member)
{
    return strcmp(member->status, "completed") == 0;
}

bool member_is_under_way(const struct member *member)
{
    return !member_is_completed(member) && strcmp(member->status, "failed") != 0;
}

static void drop_repeated(struct members *members)
{
    size_t kept = 0;

    for (size_t i = 0; i < members->count; i++) {
        if (kept == 0 || strcmp(members->items[kept - 1].job_id, members->items[i].job_id) != 0) {
            members->items[kept++] = members->items[i];
        }
    }
    members->count = kept;
}

struct members members_collect(struct arena *arena, const bson_t *batch, const bson_t *const *jobs,
                               size_t job_count)
{
    struct members out = {
        .items = arena_calloc(arena, count_entries(batch) + job_count, sizeof(*out.items))};

    collect_entries(batch, &out);
    for (size_t i = 0; i < job_count; i++) {
        out.items[out.count++] = member_from_job(jobs[i]);
    }
    qsort(out.items, out.count, sizeof(*out.items), by_part_and_age);
    drop_repeated(&out);
    for (size_t i = 0; i < out.count; i++) {
        const struct member *member = &out.items[i];

        out.items[i].counts =
            member->part == 0 || i + 1 == out.count || member[1].part != member->part;
    }
    return out;
}
