#include "handlers.h"
#include "ingress.h"
#include "jobs.h"
#include "reply.h"
#include "upload.h"

#include "base/temp.h"
#include "domain/answer.h"
#include "domain/document.h"
#include "domain/entity.h"
#include "domain/settings.h"
#include "json/json.h"
#include "sheet/writer.h"
#include "store/jobs.h"
#include "table/failures.h"
#include "table/table.h"

#include <string.h>

/* The failed rows of a job, in the form in which they came: corrected, they can be sent again. */

enum { PAGE_ROWS = 500, MOST_ROWS = 1000000, MOST_BYTES = 48 * 1024 * 1024 };

/* ---- of a file ---- */

/* The failed rows of a job, read page by page. */
struct pages {
    struct store_session *session;
    const char *job_id;
    struct arena *arena; /* of the page in hand */
    struct failed_row rows[PAGE_ROWS];
    size_t count;
    size_t at;
    bool is_last;
};

/* The values of one member of all errors of a row, as one text. */
static const char *join(struct arena *arena, const bson_t *row, const char *member)
{
    AUTO(buf) struct buf out = {0};
    struct answer_findings findings;
    bson_t finding = BSON_INITIALIZER;

    answer_findings_start(&findings, row, "error");
    while (answer_findings_next(&findings, false, &finding)) {
        buf_printf(&out, "%s%s", out.len ? "; " : "", document_text(&finding, member));
        bson_reinit(&finding);
    }
    bson_destroy(&finding);
    return arena_strndup(arena, out.len ? out.data : "", out.len);
}

static bool take_row(void *ctx, const bson_t *row)
{
    struct pages *pages = ctx;

    pages->rows[pages->count++] = (struct failed_row){
        .number = (uint64_t)document_int64(row, "row", 0),
        .codes = join(pages->arena, row, "code"),
        .errors = join(pages->arena, row, "error"),
        .paths = join(pages->arena, row, "path"),
    };
    return pages->count < PAGE_ROWS;
}

static bool read_page(struct pages *pages, struct err *err)
{
    int64_t last = pages->count ? (int64_t)pages->rows[pages->count - 1].number : -1;
    const struct job_rows_query query = {pages->job_id, "error", last, PAGE_ROWS};

    arena_reset(pages->arena);
    pages->count = 0;
    pages->at = 0;
    if (!jobs_find_rows(pages->session, &query, take_row, pages, err)) {
        return false;
    }
    pages->is_last = pages->count < PAGE_ROWS;
    return true;
}

static bool next_failed(void *ctx, struct failed_row *out, bool *end, struct err *err)
{
    struct pages *pages = ctx;

    if (pages->at == pages->count && !pages->is_last && !read_page(pages, err)) {
        return false;
    }
    *end = pages->at == pages->count;
    if (!*end) {
        *out = pages->rows[pages->at++];
    }
    return true;
}

/* A file on its way back. */
struct returning {
    struct call *call;
    const bson_t *job;
    enum sheet_format came_as;
    enum sheet_format format; /* of the answer: an XLS goes back as XLSX */
    int in;
    int out;
};

static bool fetch(struct returning *returning, struct err *err)
{
    const char *key = document_text(returning->job, "file.key");
    struct blob_store store;

    return blob_store_of_job(returning->job, &store, err) &&
           blob_fetch(returning->call->app->blobs, &store, key, &returning->in, err) &&
           temp_open(&returning->out, err);
}

static bool read_settings(struct returning *returning, struct import_settings *out, struct err *err)
{
    bson_iter_t iter;
    bson_subtype_t subtype;
    uint32_t length = 0;
    const uint8_t *data = NULL;

    if (bson_iter_init_find(&iter, returning->job, "settings") && BSON_ITER_HOLDS_BINARY(&iter)) {
        bson_iter_binary(&iter, &subtype, &length, &data);
    }
    return settings_read(returning->call->arena, (struct str){(const char *)data, length}, out,
                         err);
}

static bool write_failures(struct returning *returning, struct sheet *sheet,
                           const struct columns_options *columns, struct err *err)
{
    AUTO(sheet_writer) struct sheet_writer *writer = NULL;
    AUTO(arena) struct arena *arena = arena_new();
    struct call *call = returning->call;
    struct pages *pages = arena_calloc(call->arena, 1, sizeof(*pages));
    const struct sheet_writer_options options = {
        .fd = returning->out, .format = returning->format, .title = "Errors"};

    *pages = (struct pages){
        .session = call->session, .job_id = document_text(returning->job, "_id"), .arena = arena};
    return sheet_writer_open(&options, &writer, err) &&
           failures_write(&(struct failures_options){sheet, columns, writer, next_failed, pages},
                          err);
}

static bool make_file(struct returning *returning, struct err *err)
{
    const struct entity *entity = entity_named(document_text(returning->job, "entity"));
    AUTO(sheet) struct sheet *sheet = NULL;
    struct import_settings settings;
    struct sheet_fault fault;

    if (!fetch(returning, err) || !read_settings(returning, &settings, err)) {
        return false;
    }
    const struct sheet_options options = {.fd = returning->in,
                                          .format = returning->came_as,
                                          .limits = table_limits_of(returning->call->app->config)};
    const struct columns_options columns = {entity, &settings};

    return sheet_open(&options, &sheet, &fault, err) &&
           write_failures(returning, sheet, &columns, err);
}

/* "products.errors-import_1_abc.csv": intake_file.c finds the job in it when it comes back. A file
 * that failed again keeps one such mark. */
static const char *name_of(const struct returning *returning)
{
    const char *name = document_text(returning->job, "file.name");
    const char *mark = strstr(name, UPLOAD_ERRORS_MARK);
    const char *dot = mark ? mark : strrchr(name, '.');

    return arena_printf(returning->call->arena, "%.*s%s%s.%s", (int)(dot - name), name,
                        UPLOAD_ERRORS_MARK, document_text(returning->job, "_id"),
                        sheet_format_name(returning->format));
}

static void reply_file(struct call *call, const bson_t *job)
{
    struct returning returning = {.call = call, .job = job, .in = -1, .out = -1};
    struct err err;

    if (!sheet_format_of_name(document_text(job, "file.key"), &returning.came_as)) {
        reply_problem(call->reply, PROBLEM_internal);
        return;
    }
    returning.format = returning.came_as == SHEET_CSV ? SHEET_CSV : SHEET_XLSX;
    if (!make_file(&returning, &err) ||
        !upload_reply(call, returning.out, returning.format, name_of(&returning), &err)) {
        reply_error(call->reply, &err, PROBLEM_file_not_found);
    }
    auto_free_fd(&returning.in);
    auto_free_fd(&returning.out);
}

/* ---- of a JSON request ---- */

struct json_export {
    struct buf *out;
    size_t count;
    bool is_cut;
    int64_t last_row;
};

/* A row that was too large to be kept cannot be given back. */
static bool find_raw(const bson_t *row, bson_t *raw)
{
    bson_iter_t value;
    const uint8_t *data;
    uint32_t length;

    if (!bson_iter_init_find(&value, row, "raw_data") || !BSON_ITER_HOLDS_DOCUMENT(&value)) {
        return false;
    }
    bson_iter_document(&value, &length, &data);
    return bson_init_static(raw, data, length);
}

/* Whether the answer has room for one more row. */
static bool begin_row(struct json_export *export, const bson_t *row)
{
    export->is_cut = export->out->len > MOST_BYTES;
    if (!export->is_cut) {
        export->last_row = document_int64(row, "row", 0);
    }
    return !export->is_cut;
}

static bool write_line(void *ctx, const bson_t *row)
{
    struct json_export *export = ctx;
    AUTO(arena) struct arena *arena = arena_new();
    bson_t raw;

    if (!begin_row(export, row)) {
        return false;
    }
    if (find_raw(row, &raw)) {
        bson_t *line = bson_copy(&raw);

        BSON_APPEND_UTF8(line, error_columns[0], join(arena, row, "code"));
        BSON_APPEND_UTF8(line, error_columns[1], join(arena, row, "error"));
        BSON_APPEND_UTF8(line, error_columns[2], join(arena, row, "path"));
        json_write(export->out, line);
        buf_addc(export->out, '\n');
        bson_destroy(line);
    }
    return true;
}

static bool write_item(void *ctx, const bson_t *row)
{
    struct json_export *export = ctx;
    bson_t raw;

    if (!begin_row(export, row)) {
        return false;
    }
    if (find_raw(row, &raw)) {
        buf_adds(export->out, export->count++ ? "," : "");
        json_write(export->out, &raw);
    }
    return true;
}

static bool write_errors(void *ctx, const bson_t *row)
{
    struct json_export *export = ctx;
    struct answer_findings findings;
    bson_t finding = BSON_INITIALIZER;

    answer_findings_start(&findings, row, "error");
    while (answer_findings_next(&findings, false, &finding)) {
        buf_adds(export->out, export->count++ ? "," : "");
        json_write(export->out, &finding);
        bson_reinit(&finding);
    }
    bson_destroy(&finding);
    return document_int64(row, "row", 0) < export->last_row;
}

/* The beginning of a request that imports the rows again, up to its rows. */
static void write_envelope(struct buf *out, const bson_t *job, const char *rows_key)
{
    static const char *const kept[] = {"source_id", "merge_mode", "batch_id"};
    AUTO(bson) bson_t *envelope = bson_new();
    bson_iter_t value;

    BSON_APPEND_UTF8(envelope, "parent_job_id", document_text(job, "_id"));
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (bson_iter_init_find(&value, job, kept[i]) && !BSON_ITER_HOLDS_NULL(&value)) {
            bson_append_iter(envelope, kept[i], -1, &value);
        }
    }
    json_write(out, envelope);
    out->len--; /* the object goes on */
    buf_printf(out, ",\"%s\":[", rows_key);
}

static bool write_request(struct call *call, const bson_t *job, struct json_export *export,
                          struct err *err)
{
    struct job_rows_query query = {document_text(job, "_id"), "error", -1, MOST_ROWS};

    write_envelope(export->out, job, document_text(job, "entity"));
    if (!jobs_find_rows(call->session, &query, write_item, export, err)) {
        return false;
    }
    buf_adds(export->out, "],\"errors\":[");
    export->count = 0;
    if (!jobs_find_rows(call->session, &query, write_errors, export, err)) {
        return false;
    }
    buf_adds(export->out, "]}");
    return true;
}

static bool wants_lines(const struct call *call)
{
    struct str accept = web_header(call->request, "accept");

    return accept.p && memmem(accept.p, accept.n, "ndjson", 6);
}

static void reply_json(struct call *call, const bson_t *job)
{
    struct json_export export = {.out = &call->reply->body, .last_row = -1};
    struct job_rows_query query = {document_text(job, "_id"), "error", -1, MOST_ROWS};
    bool is_lines = wants_lines(call);
    struct err err;

    call->reply->content_type = is_lines ? "application/x-ndjson" : "application/json";
    if (!(is_lines ? jobs_find_rows(call->session, &query, write_line, &export, &err)
                   : write_request(call, job, &export, &err))) {
        buf_clear(&call->reply->body);
        reply_error(call->reply, &err, PROBLEM_internal);
    }
}

/* ---- the use case ---- */

static void show_error_file(struct call *call, enum jobs_family family)
{
    AUTO(bson) bson_t *job = NULL;
    struct request_fault fault;

    if (!jobs_load(call, family, &job, &fault)) {
        reply_fault(call->reply, &fault);
    } else if (bson_has_field(job, "file")) {
        reply_file(call, job);
    } else {
        reply_json(call, job);
    }
}

void error_file_pim(struct call *call)
{
    show_error_file(call, JOBS_PIM);
}

void error_file_customers(struct call *call)
{
    show_error_file(call, JOBS_CUSTOMERS);
}
