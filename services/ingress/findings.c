#include "findings.h"

#include "domain/answer.h"
#include "domain/document.h"
#include "store/jobs.h"

#include <string.h>

enum { LISTED = 100, LISTED_RAW_BYTES = 8 * 1024 * 1024 };

struct list {
    bson_t *array;
    const char *severity;
    uint32_t count;
};

static bool list_row(void *ctx, const bson_t *row)
{
    struct list *list = ctx;
    struct answer_findings findings;
    char key[16];
    const char *name;
    bson_t item = BSON_INITIALIZER;

    answer_findings_start(&findings, row, list->severity);
    while (list->count < LISTED &&
           answer_findings_next(&findings, list->array->len < LISTED_RAW_BYTES, &item)) {
        size_t n = bson_uint32_to_string(list->count++, &name, key, sizeof(key));

        bson_append_document(list->array, name, (int)n, &item);
        bson_reinit(&item);
    }
    bson_destroy(&item);
    return list->count < LISTED;
}

/* Rows are asked for only when the job says that there are some. */
bool findings_append(struct store_session *session, const bson_t *job, const char *severity,
                     const char *key, bson_t *out, struct err *err)
{
    const char *count = strcmp(severity, "error") == 0 ? "error_count" : "warning_count";
    struct job_rows_query query = {document_text(job, "_id"), severity, -1, LISTED};
    bson_t array = BSON_INITIALIZER;
    struct list list = {&array, severity, 0};
    bool ok =
        document_int64(job, count, 0) == 0 || jobs_find_rows(session, &query, list_row, &list, err);

    bson_append_array(out, key, -1, &array);
    bson_destroy(&array);
    return ok;
}
