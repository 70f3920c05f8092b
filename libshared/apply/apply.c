#include "apply/apply_internal.h"

#include "base/clock.h"
#include "config/config.h"
#include "domain/reference.h"
#include "log/log.h"
#include "runtime/metrics.h"
#include "store/writers.h"

#include <string.h>

static struct metric rows_applied = {.name = "consign_rows_applied_total",
                                     .help = "Rows that became or confirmed a version",
                                     .type = METRIC_COUNTER};
static struct metric rows_failed = {
    .name = "consign_rows_failed_total", .help = "Rows that were refused", .type = METRIC_COUNTER};
static struct metric chunks_repeated = {.name = "consign_chunks_repeated_total",
                                        .help = "Chunks that a receipt showed as done before",
                                        .type = METRIC_COUNTER};

static struct metric write_seconds = {.name = "consign_apply_write_seconds",
                                      .help = "From reading the receipts of a run to its commit",
                                      .type = METRIC_HISTOGRAM};
static struct metric publish_seconds = {
    .name = "consign_apply_publish_seconds",
    .help = "From the commit of a run to Kafka's last acknowledgement",
    .type = METRIC_HISTOGRAM};

struct apply *apply_open(const struct apply_options *options)
{
    struct apply *apply = mem_calloc(1, sizeof(*apply));

    apply->config = options->config;
    apply->store = options->store;
    apply->producer = options->producer;
    apply->entities = options->entities;
    apply->forwards_products = options->forwards_products;
    apply->arena = arena_new();
    apply->known_arena = arena_new();
    apply->accepted = strmap_new(apply->known_arena);
    apply->taken_arena = arena_new();
    apply->taken = strmap_new(apply->taken_arena);
    return apply;
}

void apply_close(struct apply *apply)
{
    if (!apply) {
        return;
    }
    store_session_close(apply->session);
    arena_free(apply->arena);
    arena_free(apply->known_arena);
    arena_free(apply->taken_arena);
    mem_free(apply);
}

static bool has_chunk(const struct works *works, const struct message_origin *origin)
{
    for (size_t i = 0; i < works->count; i++) {
        const struct message_origin *other = &works->items[i].chunk.origin;

        if (other->chunk == origin->chunk && strcmp(other->job_id, origin->job_id) == 0) {
            return true;
        }
    }
    return false;
}

static const struct entity *find_own(const struct apply *apply, const char *name)
{
    for (size_t i = 0; apply->entities[i]; i++) {
        if (strcmp(apply->entities[i]->name, name) == 0) {
            return apply->entities[i];
        }
    }
    return NULL;
}

/* Finds out what is to be done with a chunk. */
static bool assign(const struct apply *apply, struct work *work, struct err *err)
{
    const char *name = work->chunk.origin.entity;
    const struct chunk_embed *embed = work->chunk.embed;

    work->entity = find_own(apply, name);
    if (!work->entity) {
        return (apply->forwards_products && strcmp(name, entity_products.name) == 0) ||
               err_set(err, ERR_INVALID, "a chunk of %s came to the wrong importer", name);
    }
    work->embedded = embed ? entity_named(embed->kind) : NULL;
    if (embed && (!work->entity->embed || !work->embedded || !reference_is_kind(work->embedded))) {
        return err_set(err, ERR_INVALID, "%s do not embed %s", name, embed->kind);
    }
    return true;
}

/* A chunk that stands in the run twice, after a request was resumed or a send repeated, is taken
 * once: receipts know only of what was committed before. */
static bool decode(struct apply *apply, const struct bus_run *run, struct works *works,
                   struct err *err)
{
    works->items = arena_calloc(apply->arena, run->count, sizeof(*works->items));
    for (size_t i = 0; i < run->count; i++) {
        struct work *work = &works->items[works->count];

        *work = (struct work){.bytes = run->messages[i].value};
        if (!import_chunk_decode(apply->arena, work->bytes, &work->chunk, err) ||
            !settings_read(apply->arena, work->chunk.settings, &work->settings, err) ||
            !assign(apply, work, err)) {
            return false;
        }
        works->count += !has_chunk(works, &work->chunk.origin);
    }
    return true;
}

static void on_receipt(void *ctx, const struct receipt *receipt)
{
    struct works *works = ctx;

    for (size_t i = 0; i < works->count; i++) {
        const struct message_origin *origin = &works->items[i].chunk.origin;

        if (origin->chunk == receipt->origin.chunk &&
            strcmp(origin->job_id, receipt->origin.job_id) == 0) {
            works->items[i].receipt = *receipt;
            works->items[i].has_receipt = true;
        }
    }
}

static bool find_receipts(struct apply *apply, struct store_session *session, struct works *works,
                          struct err *err)
{
    const char **ids = arena_calloc(apply->arena, works->count, sizeof(*ids));

    for (size_t i = 0; i < works->count; i++) {
        ids[i] = receipt_id(apply->arena, &works->items[i].chunk.origin);
    }
    return receipts_find(session, apply->arena, ids, works->count, on_receipt, works, err);
}

static size_t count_new(const struct works *works)
{
    size_t count = 0;

    for (size_t i = 0; i < works->count; i++) {
        count += !works->items[i].has_receipt;
    }
    return count;
}

/* The transaction: receipts? current documents, plan, write, commit. */
static bool write_once(struct apply *apply, struct store_session *session, struct works *works,
                       struct err *err)
{
    struct changes changes = {0};

    if (!store_begin(session, err) || !find_receipts(apply, session, works, err)) {
        return false;
    }
    if (count_new(works) == 0) {
        store_abort(session);
        return true;
    }
    return apply_plan(apply, session, works, &changes, err) &&
           apply_write(apply, session, works, &changes, err) && store_commit(session, err);
}

static void count_work(const struct works *works, size_t repeated)
{
    for (size_t i = 0; i < works->count; i++) {
        if (!works->items[i].has_receipt) {
            metric_add(&rows_applied, works->items[i].receipt.counts.successful);
            metric_add(&rows_failed, works->items[i].receipt.counts.failed);
        }
    }
    metric_add(&chunks_repeated, (int64_t)repeated);
}

/* A page looks for products, so what stands before it must be written by then. */
static bool belong_together(const struct work *first, const struct work *next)
{
    return !next->chunk.scan && first->entity == next->entity &&
           strcmp(first->chunk.origin.tenant, next->chunk.origin.tenant) == 0;
}

/* The longest prefix of `works` from `first` on that one transaction writes. */
static struct works next_part(const struct works *works, size_t first)
{
    struct works part = {works->items + first, 1};

    while (first + part.count < works->count &&
           belong_together(&part.items[0], &part.items[part.count])) {
        part.count++;
    }
    return part;
}

/* Tenants share partitions but nothing else, and entities have collections of their own: each part
 * gets a transaction of its own. */
static bool write_all(struct apply *apply, struct store_session *session, const struct works *works,
                      struct err *err)
{
    for (size_t first = 0; first < works->count;) {
        struct works part = next_part(works, first);

        first += part.count;
        if (!part.items[0].entity) {
            continue;
        }
        if (!write_once(apply, session, &part, err)) {
            store_abort(session);
            return err_context(err, "applying %zu chunks", part.count);
        }
        count_work(&part, part.count - count_new(&part));
    }
    return true;
}

/* Makes this process the writer of the run's partition, once, and again after it had to doubt it.
 */
static bool take_partition(struct apply *apply, const struct bus_run *run, struct err *err)
{
    char *partition =
        arena_printf(apply->arena, "%s|%d", run->messages[0].topic, run->messages[0].partition);

    if (strmap_get(apply->taken, partition)) {
        return true;
    }
    if (!writers_take(apply->session, partition, err)) {
        return false;
    }
    strmap_put(apply->taken, arena_strdup(apply->taken_arena, partition), apply);
    return true;
}

/* A conflict means that somebody else writes here, alive or dead: the next try ends it. */
static void doubt_partitions(struct apply *apply)
{
    arena_reset(apply->taken_arena);
    apply->taken = strmap_new(apply->taken_arena);
}

bool apply_open_session(struct apply *apply, struct err *err)
{
    return apply->session || store_session_open(apply->store, &apply->session, err);
}

bool apply_run(void *ctx, const struct bus_run *run, struct err *err)
{
    struct apply *apply = ctx;
    struct works works = {0};

    arena_reset(apply->arena);
    if (!apply_open_session(apply, err)) {
        return false;
    }
    if (!decode(apply, run, &works, err)) {
        return false;
    }
    if (!apply_await_acceptance(apply, apply->session, &works, err)) {
        return false;
    }
    if (works.count == 0) {
        return true;
    }
    if (!take_partition(apply, run, err)) {
        return false;
    }
    int64_t started_ms = clock_monotonic_ms();

    if (!write_all(apply, apply->session, &works, err)) {
        if (err->kind == ERR_CONFLICT) {
            doubt_partitions(apply);
        }
        return false;
    }
    int64_t written_ms = clock_monotonic_ms();

    metric_observe_ms(&write_seconds, written_ms - started_ms);
    if (!apply_publish(apply, &works, err)) {
        return err_context(err, "publishing the progress of %zu chunks", works.count);
    }
    metric_observe_ms(&publish_seconds, clock_monotonic_ms() - written_ms);
    return true;
}
