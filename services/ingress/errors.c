#include "handlers.h"
#include "ingress.h"
#include "jobs.h"
#include "params.h"
#include "reply.h"

#include "domain/answer.h"
#include "domain/csv.h"
#include "domain/document.h"
#include "json/json.h"
#include "store/jobs.h"

#include <string.h>

/*
 * All findings of a job as NDJSON or CSV. An answer ends behind the row that passes ANSWER_BYTES;
 * the rest is found under the address in its Link header.
 */

enum { ANSWER_BYTES = 48 * 1024 * 1024, MAX_ROWS = 1000000 };

static const char *const columns[] = {"row", "entity_code", "error", "code", "path", "raw_data"};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct export
{
    struct buf *out;
    const char *severity;
    bool is_csv;
    bool is_cut;
    int64_t last_row;
};

/* Text as it is, everything else as JSON; null is an empty cell. */
static struct str cell_text(const bson_iter_t *value, struct buf *scratch)
{
    uint32_t length;

    if (BSON_ITER_HOLDS_UTF8(value)) {
        const char *text = bson_iter_utf8(value, &length);

        return (struct str){text, length};
    }
    if (BSON_ITER_HOLDS_NULL(value)) {
        return STR("");
    }
    json_write_value(scratch, value);
    return (struct str){scratch->data, scratch->len};
}

static void write_csv(struct buf *out, const bson_t *finding)
{
    struct buf scratch[COLUMNS] = {0};
    struct str cells[COLUMNS] = {0};
    bson_iter_t value;

    for (size_t i = 0; i < COLUMNS; i++) {
        if (bson_iter_init_find(&value, finding, columns[i])) {
            cells[i] = cell_text(&value, &scratch[i]);
        }
    }
    csv_write_line(out, cells, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        buf_done(&scratch[i]);
    }
}

static bool export_row(void *ctx, const bson_t *row)
{
    struct export *export = ctx;
    struct answer_findings findings;
    bson_t finding = BSON_INITIALIZER;

    if (export->out->len > ANSWER_BYTES) {
        export->is_cut = true;
        return false;
    }
    answer_findings_start(&findings, row, export->severity);
    while (answer_findings_next(&findings, true, &finding)) {
        if (export->is_csv) {
            write_csv(export->out, &finding);
        } else {
            json_write(export->out, &finding);
            buf_addc(export->out, '\n');
        }
        bson_reinit(&finding);
    }
    bson_destroy(&finding);
    export->last_row = document_int64(row, "row", 0);
    return true;
}

static bool wants_csv(const struct call *call)
{
    struct str accept = web_header(call->request, "accept");

    return accept.p && memmem(accept.p, accept.n, "text/csv", 8);
}

static void write_header(struct export *export, struct web_reply *reply)
{
    struct str cells[COLUMNS];

    reply->content_type = export->is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    if (export->is_csv) {
        for (size_t i = 0; i < COLUMNS; i++) {
            cells[i] = str_from(columns[i]);
        }
        csv_write_line(&reply->body, cells, COLUMNS);
    }
}

static void link_rest(struct call *call, const struct export *export)
{
    struct str path = call->request->path;

    if (export->is_cut) {
        web_reply_header(call->reply, "link",
                         arena_printf(call->arena, "<%.*s?severity=%s&after=%lld>; rel=\"next\"",
                                      (int)path.n, path.p, export->severity,
                                      (long long)export->last_row));
    }
}

static bool export_findings(struct call *call, enum jobs_family family, struct request_fault *fault)
{
    static const char *const severities[] = {"error", "warning", NULL};
    AUTO(bson) bson_t *job = NULL;
    struct job_rows_query query = {
        .job_id = params_path(call, 0), .after_row = -1, .limit = MAX_ROWS};
    struct export export = {.out = &call->reply->body, .is_csv = wants_csv(call)};
    struct err err;

    if (!params_word(call, "severity", severities, &query.severity, fault) ||
        !params_number(call, "after", (struct params_range){0, MAX_ROWS}, &query.after_row,
                       fault) ||
        !jobs_load(call, family, &job, fault)) {
        return false;
    }
    query.severity = query.severity ? query.severity : "error";
    export.severity = query.severity;
    write_header(&export, call->reply);
    if (!jobs_find_rows(call->session, &query, export_row, &export, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    link_rest(call, &export);
    return true;
}

static void list_errors(struct call *call, enum jobs_family family)
{
    struct request_fault fault;

    if (!export_findings(call, family, &fault)) {
        reply_fault(call->reply, &fault);
    }
}

void errors_list_customers(struct call *call)
{
    list_errors(call, JOBS_CUSTOMERS);
}

void errors_list_pim(struct call *call)
{
    list_errors(call, JOBS_PIM);
}
