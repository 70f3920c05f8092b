#include "read.h"

#include "cut.h"

#include "base/clock.h"
#include "config/config.h"
#include "domain/entity.h"
#include "domain/settings.h"
#include "log/log.h"
#include "message/message.h"
#include "message/topics.h"
#include "runtime/metrics.h"
#include "sheet/sheet.h"
#include "table/columns.h"
#include "table/lines.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct metric files_read = {
    .name = "consign_files_read_total", .help = "Files read to their end", .type = METRIC_COUNTER};
static struct metric files_refused = {.name = "consign_files_refused_total",
                                      .help = "Files that could not be read",
                                      .type = METRIC_COUNTER};
static struct metric file_rows = {
    .name = "consign_file_rows_total", .help = "Rows found in files", .type = METRIC_COUNTER};

/* A file on its way through the service. */
struct reading {
    struct file_reader *reader;
    struct arena *arena;
    struct import_file file;
    struct import_settings settings;
    const struct entity *entity;
    int64_t started_at_ms;
    struct sheet_fault fault; /* code is NULL until the file is refused */
};

/* Where the rows of an entity go, and what names it in a table. */
static const struct kind {
    const struct entity *entity;
    const char *topic;
} kinds[] = {
    {&entity_products, TOPIC_IMPORT_PRODUCTS},
    {&entity_customers, TOPIC_IMPORT_CUSTOMERS},
};

static const char *topic_of(const struct entity *entity)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].entity == entity) {
            return kinds[i].topic;
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
    reading->entity = entity_named(reading->file.entity);
    return (reading->entity && topic_of(reading->entity)) ||
           err_set(err, ERR_INVALID, "there are no files of %s", reading->file.entity);
}

/* ---- rows ---- */

static bool add_row(struct cutter *cutter, const struct lines *lines, struct err *err)
{
    const struct lines_row *row = lines_row(lines);

    return row->fault.code
               ? cutter_refuse(cutter, row->number, problem_get(PROBLEM_columns_too_many),
                               row->fault.message, err)
               : cutter_add(cutter, row->number, row->content, err);
}

static bool publish_rows(struct reading *reading, struct sheet *sheet, struct cutter *cutter,
                         struct err *err)
{
    const struct columns_options options = {.fields = reading->entity->fields,
                                            .settings = &reading->settings,
                                            .code_fields = {reading->entity->code_fields[0],
                                                            reading->entity->code_fields[1]}};
    AUTO(lines) struct lines *lines = NULL;
    bool end = false;

    if (!lines_open(sheet, &options, &lines, &reading->fault, err)) {
        return false;
    }
    while (lines_next(lines, &end, &reading->fault, err)) {
        if (end) {
            return cutter_finish(cutter, err);
        }
        if (!add_row(cutter, lines, err)) {
            return false;
        }
    }
    return false;
}
