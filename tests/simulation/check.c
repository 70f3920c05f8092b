#include "simulation/check.h"

#include "domain/document.h"
#include "message/topics.h"
#include "simulation/models.h"
#include "simulation/world.h"

#include <stdio.h>
#include <string.h>

enum { MAX_VERSIONS = PLAN_REQUESTS * PLAN_ROWS };

static bool text_is(const bson_t *document, const char *path, const char *wanted)
{
    const char *text = document_text(document, path);

    return text && strcmp(text, wanted) == 0;
}

/* ---- at every step ---- */

/* I6: counters grow, and a job that is completed stays so. */
static void check_job_step(const char *id, const bson_t *before, const bson_t *after)
{
    static const char *const counters[] = {
        "done_chunks",  "processed_rows",    "successful_rows", "failed_rows",
        "created_rows", "unchanged_rows",    "error_count",     "search_items",
        "indexed_rows", "index_failed_rows", "search_batches",  "indexed_batches"};

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        int64_t was = document_int64(before, counters[i], 0);
        int64_t is = document_int64(after, counters[i], 0);

        if (is < was) {
            world_violate("I6: %s of job %s went from %lld to %lld", counters[i], id,
                          (long long)was, (long long)is);
        }
    }
    if (text_is(before, "status", "completed") && !text_is(after, "status", "completed")) {
        world_violate("I6: job %s was completed and is not any more", id);
    }
    if (text_is(before, "acceptance", "accepted") && !text_is(after, "acceptance", "accepted")) {
        world_violate("I1: job %s was accepted and is not any more", id);
    }
}

/* I2, I3: there is one current document at every instant, and the version before it is kept. */
static void check_product_step(const char *id, const bson_t *before, const bson_t *after)
{
    char history[64];
    int64_t was = document_int64(before, "version", 0);
    int64_t is = document_int64(after, "version", 0);

    snprintf(history, sizeof(history), "%s|%lld", id, (long long)is - 1);
    if (is <= was || !document_bool(after, "isCurrent", false)) {
        world_violate("I2: %s went from version %lld to %lld", id, (long long)was, (long long)is);
    }
    if (is > 1 && !store_model_get("product_versions", history)) {
        world_violate("I3: %s has version %lld, and the one before is not kept", id, (long long)is);
    }
}

void check_write(const char *collection, const char *id, const bson_t *before, const bson_t *after)
{
    static const uint8_t nothing[] = {5, 0, 0, 0, 0};
    bson_t empty;

    if (!bson_init_static(&empty, nothing, sizeof(nothing))) {
        return;
    }
    before = before ? before : &empty;
    after = after ? after : &empty;
    if (strcmp(collection, "import_jobs") == 0) {
        check_job_step(id, before, after);
    } else if (strcmp(collection, "products") == 0) {
        check_product_step(id, before, after);
    } else if (strcmp(collection, "product_versions") == 0 && before->len > 5) {
        world_violate("I2: %s was written twice", id);
    }
}

/* ---- at the end: jobs ---- */

struct job_count {
    const char *prefix; /* "<tenant>_<request>_" */
    const bson_t *accepted;
    size_t accepted_count;
};

static void count_job(void *ctx, const bson_t *job)
{
    struct job_count *count = ctx;
    const char *id = document_text(job, "_id");

    if (strncmp(id, count->prefix, strlen(count->prefix)) != 0) {
        return;
    }
    if (text_is(job, "acceptance", "accepted")) {
        count->accepted = job;
        count->accepted_count++;
    } else if (!text_is(job, "acceptance", "abandoned")) {
        world_violate("I6: job %s has no end", id);
    }
}

struct part_count {
    const char *job_id;
    size_t count;
};

static void count_part(void *ctx, const bson_t *document)
{
    struct part_count *count = ctx;

    count->count += text_is(document, "job_id", count->job_id);
}

static size_t count_of_job(const char *collection, const char *job_id)
{
    struct part_count count = {.job_id = job_id};

    store_model_each(collection, count_part, &count);
    return count.count;
}

static void expect(const bson_t *job, const char *field, size_t wanted)
{
    int64_t found = document_int64(job, field, -1);

    if (found != (int64_t)wanted) {
        world_violate("I6: %s of job %s is %lld, not %zu", field, document_text(job, "_id"),
                      (long long)found, wanted);
    }
}

struct event_count {
    const char *job_id;
    const char *event_id;
    size_t count;
};

static const char *header_of(const struct bus_out *message, const char *key)
{
    for (size_t i = 0; i < BUS_MAX_HEADERS && message->headers[i].key; i++) {
        if (strcmp(message->headers[i].key, key) == 0) {
            return message->headers[i].value;
        }
    }
    return "";
}

static void count_event(void *ctx, const struct bus_out *message)
{
    struct event_count *count = ctx;
    const char *event_id = header_of(message, "ce_id");

    if (!message->key || !strstr(message->key, count->job_id)) {
        return;
    }
    if (count->event_id && strcmp(count->event_id, event_id) != 0) {
        world_violate("I6: job %s has two events", count->job_id);
    }
    count->event_id = event_id;
    count->count++;
}

/* I1, I6: the job has an outcome for each of its rows, and says so once. */
static void check_job(const struct request *request, const bson_t *job)
{
    const char *id = document_text(job, "_id");
    struct event_count events = {.job_id = id};
    size_t failed = 0;

    for (size_t i = 0; i < request->row_count; i++) {
        failed += request->rows[i].code < 0;
    }
    if (!text_is(job, "status", "completed")) {
        world_violate("I6: job %s is %s", id, document_text(job, "status"));
    }
    expect(job, "total_rows", request->row_count);
    expect(job, "processed_rows", request->row_count);
    expect(job, "failed_rows", failed);
    expect(job, "error_count", failed);
    expect(job, "successful_rows", request->row_count - failed);
    expect(job, "search_items", request->row_count - failed);
    expect(job, "indexed_rows", request->row_count - failed);
    expect(job, "index_failed_rows", 0);
    expect(job, "done_chunks", (size_t)document_int64(job, "total_chunks", 0));
    expect(job, "total_chunks", count_of_job("import_receipts", id));
    if (count_of_job("import_errors", id) != failed) {
        world_violate("I1: job %s has not one error for each refused row", id);
    }
    bus_model_each(TOPIC_COMPLETED_PRODUCTS, count_event, &events);
    if (events.count == 0) {
        world_violate("I6: the end of job %s was never told", id);
    }
}

/* ---- at the end: documents ---- */

/* The rows of accepted jobs in the order they were sent, by code. */
struct expected {
    const struct planned_row *rows[PLAN_CODES][MAX_VERSIONS];
    size_t counts[PLAN_CODES];
};

static void expect_rows(struct expected *expected, const struct request *request)
{
    for (size_t i = 0; i < request->row_count; i++) {
        const struct planned_row *row = &request->rows[i];

        if (row->code >= 0) {
            expected->rows[row->code][expected->counts[row->code]++] = row;
        }
    }
}

/* I1, I4 */
static void check_version(const bson_t *document, const char *id, size_t version,
                          const struct planned_row *row)
{
    const char *name = NULL;

    if (document) {
        name = document_text(document, "name.it");
        name = name ? name : document_text(document, "name");
    }
    if (!name || document_int64(document, "version", 0) != (int64_t)version ||
        strcmp(name, row->name) != 0) {
        world_violate("I4: in place of version %zu of %s, \"%s\", there is version %lld, \"%s\"",
                      version, id, row->name,
                      (long long)(document ? document_int64(document, "version", 0) : 0),
                      name ? name : "nothing");
    }
}

/* I2, I4, I5 */
static void check_product(const char *tenant, int code, const struct planned_row *const *rows,
                          size_t count)
{
    const char text[2] = {(char)('a' + code), '\0'};
    char id[32];
    char history[64];
    int64_t version = 0;
    const bson_t *body;

    snprintf(id, sizeof(id), "%s|%s", tenant, text);
    for (size_t i = 1; i < count; i++) {
        snprintf(history, sizeof(history), "%s|%zu", id, i);
        check_version(store_model_get("product_versions", history), id, i, rows[i - 1]);
    }
    const bson_t *current = store_model_get("products", id);
    bool is_indexed = search_model_get("products", tenant, text, &version, &body);

    if (count == 0) {
        if (current || is_indexed) {
            world_violate("I1: nobody has been told that %s was accepted", id);
        }
        return;
    }
    check_version(current, id, count, rows[count - 1]);
    if (!is_indexed || version != (int64_t)count ||
        document_int64(body, "version", 0) != (int64_t)count) {
        world_violate("I5: the index holds version %lld of %s, the database %zu",
                      (long long)version, id, count);
    }
}

/* Of an accepted request there is one job, of any other none that was accepted. */
static void check_request(const struct tenant_plan *tenant, size_t number,
                          struct expected *expected)
{
    const struct request *request = &tenant->requests[number];
    char prefix[32];
    struct job_count jobs = {.prefix = prefix};

    snprintf(prefix, sizeof(prefix), "%s_%zu_", tenant->name, number);
    store_model_each("import_jobs", count_job, &jobs);
    if (jobs.accepted_count > 1) {
        world_violate("I1: request %s was accepted %zu times", prefix, jobs.accepted_count);
    }
    if (request->answer == ANSWER_ACCEPTED && jobs.accepted_count == 0) {
        world_violate("I1: request %s was answered 202, and its job is not accepted", prefix);
    }
    if (jobs.accepted) {
        check_job(request, jobs.accepted);
        expect_rows(expected, request);
    }
}

static size_t check_tenant(const struct tenant_plan *tenant)
{
    struct expected expected = {0};
    size_t products = 0;

    for (size_t i = 0; i < tenant->count; i++) {
        check_request(tenant, i, &expected);
    }
    for (int code = 0; code < PLAN_CODES; code++) {
        check_product(tenant->name, code, expected.rows[code], expected.counts[code]);
        products += expected.counts[code] > 0;
    }
    return products;
}

/* ---- at the end: messages ---- */

static void count_document(void *ctx, const bson_t *document)
{
    size_t *count = ctx;

    *count += document->len > 0;
}

static void check_letter(void *ctx, const struct bus_out *letter)
{
    size_t *count = ctx;

    (*count)++;
    if (letter->value.n != 8 || memcmp(letter->value.p, "no chunk", 8) != 0) {
        world_violate("I9: a message that was fine is in %s", letter->topic);
    }
}

/* I9: the dead letters are the poison, all of it and nothing else. */
static void check_dead_letters(bool has_poison)
{
    size_t poison = 0;
    size_t others = 0;

    bus_model_each(TOPIC_IMPORT_PRODUCTS TOPIC_DLQ_SUFFIX, check_letter, &poison);
    bus_model_each(TOPIC_SEARCH TOPIC_DLQ_SUFFIX, check_letter, &others);
    bus_model_each(TOPIC_PROGRESS TOPIC_DLQ_SUFFIX, check_letter, &others);
    if ((poison > 0) != has_poison || others > 0) {
        world_violate("I9: there are %zu dead letters of chunks, %zu others", poison, others);
    }
}

void check_end(const struct plan *plan)
{
    size_t expected = 0;
    size_t products = 0;

    for (size_t i = 0; i < PLAN_TENANTS; i++) {
        expected += check_tenant(&plan->tenants[i]);
    }
    store_model_each("products", count_document, &products);
    if (products != expected || search_model_count() != expected) {
        world_violate("I7: %zu products are stored and %zu indexed; %zu belong to tenants",
                      products, search_model_count(), expected);
    }
    if (bus_model_lag() != 0) {
        world_violate("I8: %lld messages are left", (long long)bus_model_lag());
    }
    check_dead_letters(plan->has_poison);
}
