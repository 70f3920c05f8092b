#include "read.h"

#include "cut.h"

#include "base/clock.h"
#include "base/temp.h"
#include "blob/blob.h"
#include "config/config.h"
#include "domain/entity.h"
#include "log/log.h"
#include "message/topics.h"
#include "runtime/metrics.h"
#include "runtime/runtime.h"
#include "store/jobs.h"
#include "table/table.h"

#include <string.h>

static struct metric files_read = {
    .name = "consign_files_read_total", .help = "Files read to their end", .type = METRIC_COUNTER};
static struct metric files_refused = {.name = "consign_files_refused_total",
                                      .help = "Files that could not be read",
                                      .type = METRIC_COUNTER};
static struct metric rows_read = {
    .name = "consign_file_rows_total", .help = "Rows read from files", .type = METRIC_COUNTER};

/* What there are files of, and where their rows go. */
static const struct kind {
    const struct entity *entity;
    const char *topic;
} kinds[] = {
    {&entity_products, TOPIC_IMPORT_PRODUCTS},
    {&entity_customers, TOPIC_IMPORT_CUSTOMERS},
};

/* A file on its way through the service. */
struct reading {
    struct file_reader *reader;
    struct arena *arena;
    struct import_file file;
    struct import_settings settings;
    const struct kind *kind;
    enum sheet_format format;
    int64_t started_at_ms;
    struct sheet_fault fault; /* of a file that cannot be read */
};

static const struct kind *kind_of(const char *entity)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].entity->name, entity) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static bool decode(struct reading *reading, const struct bus_message *message, struct err *err)
{
    if (!import_file_decode(reading->arena, message->value, &reading->file, err) ||
        !settings_read(reading->arena, reading->file.settings, &reading->settings, err)) {
        return false;
    }
    reading->kind = kind_of(reading->file.entity);
    if (!reading->kind || !sheet_format_of_name(reading->file.blob, &reading->format)) {
        return err_set(err, ERR_INVALID, "no reader for %s of %s", reading->file.blob,
                       reading->file.entity);
    }
    return true;
}

/* ---- rows go out ---- */

static bool publish_row(struct cutter *cutter, const struct table_row *row, struct err *err)
{
    uint32_t number = (uint32_t)row->number;

    return row->content ? cutter_add(cutter, number, row->content, err)
                        : cutter_refuse(cutter, number, problem_get(PROBLEM_columns_too_many),
                                        row->misfit, err);
}

/* False once the time is over that the stop signal left: the next process starts over. */
static bool may_read_on(struct reading *reading, struct err *err)
{
    return runtime_drain_left_ms(reading->reader->runtime) > 0 ||
           err_set(err, ERR_UNAVAILABLE, "the program stops before the file is read");
}

static bool publish_rows(struct reading *reading, int fd, struct cutter *cutter, struct err *err)
{
    const struct config *config = reading->reader->config;
    const struct table_options options = {
        .sheet = {.fd = fd, .format = reading->format, .limits = table_limits_of(config)},
        .columns = {reading->kind->entity, &reading->settings},
    };
    AUTO(table) struct table *table = NULL;
    struct table_row row;
    bool end = false;

    if (!table_open(&options, &table, &reading->fault, err)) {
        return false;
    }
    while (table_next(table, &row, &end, &reading->fault, err)) {
        if (end) {
            return cutter_finish(cutter, err);
        }
        if (!may_read_on(reading, err) || !publish_row(cutter, &row, err)) {
            return false;
        }
    }
    return false;
}

static bool publish_end(const struct reading *reading, const struct chunk_done *end,
                        struct err *err)
{
    const struct import_file *file = &reading->file;
    struct chunk_done done = *end;

    done.origin = (struct message_origin){.job_id = file->job_id,
                                          .tenant = file->tenant,
                                          .entity = file->entity,
                                          .lanes = 1,
                                          .trace_id = file->trace_id};
    done.started_at_ms = reading->started_at_ms;
    done.finished_at_ms = clock_now_ms();
    const struct bus_out message = {
        .topic = TOPIC_PROGRESS,
        .key = file->job_id,
        .value = chunk_done_encode(reading->arena, &done),
        .headers = {{"job-id", file->job_id},
                    {"tenant", file->tenant},
                    {"trace-id", file->trace_id}},
    };

    return bus_publish(reading->reader->producer, &message, 1,
                       reading->reader->config->publish_timeout_ms, err);
}

static bool publish_failure(const struct reading *reading, const char *why, struct err *err)
{
    metric_add(&files_refused, 1);
    log_info("the file cannot be read: %s", why);
    return publish_end(
        reading,
        &(struct chunk_done){.stage = CHUNK_FAILED,
                             .failure_code = problem_get(PROBLEM_file_unreadable)->code,
                             .failure_error = why},
        err);
}

static bool publish_total(const struct reading *reading, const struct cutter *cutter,
                          struct err *err)
{
    if (cutter_rows(cutter) == 0) {
        return publish_failure(reading, "The file has a header but no rows of data.", err);
    }
    metric_add(&files_read, 1);
    metric_add(&rows_read, cutter_rows(cutter));
    log_info("read %u rows into %u chunks", cutter_rows(cutter), cutter_chunks(cutter));
    return publish_end(reading,
                       &(struct chunk_done){.stage = CHUNK_SEALED,
                                            .total_chunks = cutter_chunks(cutter),
                                            .total_rows = cutter_rows(cutter)},
                       err);
}

static const char *spell_fault(struct arena *arena, const struct sheet_fault *fault)
{
    return *fault->hint ? arena_printf(arena, "%s %s", fault->message, fault->hint)
                        : fault->message;
}

static bool read_file(struct reading *reading, int fd, struct err *err)
{
    AUTO(cutter)
    struct cutter *cutter = cutter_open(&(struct cutter_options){
        .config = reading->reader->config,
        .producer = reading->reader->producer,
        .file = &reading->file,
        .entity = reading->kind->entity,
        .settings = &reading->settings,
        .topic = reading->kind->topic,
    });

    if (publish_rows(reading, fd, cutter, err)) {
        return publish_total(reading, cutter, err);
    }
    /* What stands before the fault is applied: a second reading must find the same. */
    return reading->fault.code[0] && cutter_finish(cutter, err) &&
           publish_failure(reading, spell_fault(reading->arena, &reading->fault), err);
}

/* ---- the use case ---- */

static bool fetch_and_read(struct reading *reading, const bson_t *job, struct err *err)
{
    AUTO(fd) int fd = -1;
    struct blob_store store;

    return blob_store_of_job(job, &store, err) &&
           blob_fetch(reading->reader->blobs, &store, reading->file.blob, &fd, err) &&
           read_file(reading, fd, err);
}

static bool read_message(struct reading *reading, const struct bus_message *message,
                         struct err *err)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(bson) bson_t *job = NULL;

    if (!decode(reading, message, err) ||
        !store_session_open(reading->reader->store, &session, err)) {
        return false;
    }
    if (!jobs_get(session, reading->file.tenant, reading->file.job_id, &job, err)) {
        return err->kind == ERR_NOT_FOUND;
    }
    if (job_acceptance(job) == JOB_ABANDONED) {
        return true; /* its sender was told that nothing of it is applied */
    }
    if (fetch_and_read(reading, job, err)) {
        return true;
    }
    return err->kind == ERR_NOT_FOUND &&
           publish_failure(reading, "The file is not there any more.", err);
}

bool read_handle(void *ctx, const struct bus_run *run, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    bool ok = true;

    for (size_t i = 0; ok && i < run->count; i++) {
        struct reading reading = {.reader = ctx, .arena = arena, .started_at_ms = clock_now_ms()};

        ok = read_message(&reading, &run->messages[i], err);
        arena_reset(arena);
    }
    return ok;
}
