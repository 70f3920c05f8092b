#include "findings.h"

#include "domain/answer.h"
#include "domain/array.h"
#include "domain/document.h"
#include "store/jobs.h"

#include <string.h>

enum { LISTED = 100, LISTED_RAW_BYTES = 8 * 1024 * 1024 };

struct list {
    struct array array;
    const char *severity;
};

static bool list_row(void *ctx, const bson_t *row)
{
    struct list *list = ctx;
    struct answer_findings findings;
    bson_t item = BSON_INITIALIZER;

    answer_findings_start(&findings, row, list->severity);
    while (list->array.count < LISTED &&
           answer_findings_next(&findings, list->array.items.len < LISTED_RAW_BYTES, &item)) {
        array_add_document(&list->array, &item);
        bson_reinit(&item);
    }
    bson_destroy(&item);
    return list->array.count < LISTED;
}

/* Rows are asked for only when the job says that there are some. */
bool findings_append(struct store_session *session, const bson_t *job, const char *severity,
                     const char *key, bson_t *out, struct err *err)
{
    const char *count = strcmp(severity, "error") == 0 ? "error_count" : "warning_count";
    struct job_rows_query query = {document_text(job, "_id"), severity, -1, LISTED};
    struct list list = {.severity = severity};

    array_begin(out, key, &list.array);
    bool ok =
        document_int64(job, count, 0) == 0 || jobs_find_rows(session, &query, list_row, &list, err);

    array_end(&list.array);
    return ok;
}
