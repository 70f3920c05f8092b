#include "handlers.h"
#include "ingress.h"
#include "reply.h"
#include "upload.h"

#include "base/temp.h"
#include "domain/answer.h"
#include "domain/array.h"
#include "sheet/analysis.h"
#include "table/table.h"

/* A look into a file before somebody maps its columns. */

enum { WINDOW_ROWS = 15, PREVIEW_ROWS = 10 };

static void append_str(bson_t *out, const char *key, struct str text)
{
    bson_append_utf8(out, key, -1, text.n ? text.p : "", (int)text.n);
}

static void append_column(bson_t *out, const struct sheet_column *column)
{
    struct array samples;

    append_str(out, "name", column->name);
    BSON_APPEND_UTF8(out, "type", sheet_type_name(column->type));
    array_begin(out, "sampleValues", &samples);
    for (size_t i = 0; i < column->sample_count; i++) {
        array_add_text(&samples, column->samples[i]);
    }
    array_end(&samples);
    BSON_APPEND_INT64(out, "totalValues", (int64_t)column->total_values);
    BSON_APPEND_INT64(out, "uniqueCount", (int64_t)column->unique_count);
    BSON_APPEND_INT64(out, "emptyCount", (int64_t)column->empty_count);
}

static void append_columns(bson_t *out, const struct sheet_preview *preview)
{
    struct array list;
    bson_t item;

    array_begin(out, "columns", &list);
    for (size_t i = 0; i < preview->column_count; i++) {
        array_begin_document(&list, &item);
        append_column(&item, &preview->columns[i]);
        array_end_document(&list, &item);
    }
    array_end(&list);
}

static void append_row(bson_t *out, const struct sheet_preview *preview,
                       const struct sheet_row *row)
{
    for (size_t i = 0; i < preview->column_count; i++) {
        struct str name = preview->columns[i].name;
        struct str text = i < row->count ? row->cells[i].text : STR("");

        if (name.n > 0) {
            bson_append_utf8(out, name.p, (int)name.n, text.n ? text.p : "", (int)text.n);
        }
    }
}

static void append_rows(bson_t *out, const struct sheet_preview *preview)
{
    struct array list;
    bson_t item;

    array_begin(out, "previewRows", &list);
    for (size_t i = 0; i < preview->row_count && i < PREVIEW_ROWS; i++) {
        array_begin_document(&list, &item);
        append_row(&item, preview, &preview->rows[i]);
        array_end_document(&list, &item);
    }
    array_end(&list);
}

static bson_t *describe(const struct upload *upload, const struct sheet *sheet,
                        const struct sheet_preview *preview)
{
    const struct sheet_dialect *dialect = sheet_dialect(sheet);
    char delimiter[2] = {dialect->delimiter, '\0'};
    bson_t *out = bson_new();

    BSON_APPEND_UTF8(out, "fileName", upload->name);
    BSON_APPEND_INT64(out, "fileSize", (int64_t)upload->content.n);
    BSON_APPEND_UTF8(out, "fileType", sheet_format_name(upload->format));
    if (dialect->encoding) {
        BSON_APPEND_UTF8(out, "encoding", dialect->encoding);
        BSON_APPEND_UTF8(out, "delimiter", delimiter);
    }
    BSON_APPEND_INT64(out, "totalRows", (int64_t)preview->row_count);
    append_columns(out, preview);
    append_rows(out, preview);
    return out;
}

static void reply_file_fault(struct call *call, const struct upload *upload,
                             const struct sheet_fault *fault)
{
    const struct answer_file_fault answer = {
        .is_csv = upload->format == SHEET_CSV,
        .code = fault->code,
        .message = fault->message,
        .hint = fault->hint,
        .line = (int64_t)fault->line,
        .column = (int64_t)fault->column,
    };
    AUTO(bson) bson_t *document = answer_file_fault(&answer);

    reply_document(call->reply, 400, document);
    call->reply->content_type = "application/problem+json";
}

static bool open_upload(struct call *call, const struct upload *upload, int *fd, struct err *err)
{
    bool ok = temp_open(fd, err) && temp_write(*fd, upload->content, err);

    web_release_body(call->request);
    return ok;
}

static void analyze(struct call *call, const struct upload *upload)
{
    AUTO(fd) int fd = -1;
    AUTO(sheet) struct sheet *sheet = NULL;
    struct sheet_preview preview;
    struct sheet_fault fault = {0};
    struct err err;
    bool ok = open_upload(call, upload, &fd, &err);
    const struct sheet_options options = {
        .fd = fd, .format = upload->format, .limits = table_limits_of(call->app->config)};

    ok = ok && sheet_open(&options, &sheet, &fault, &err) &&
         sheet_read_preview(sheet, WINDOW_ROWS, call->arena, &preview, &fault, &err);
    if (ok) {
        AUTO(bson) bson_t *answer = describe(upload, sheet, &preview);

        reply_document(call->reply, 200, answer);
    } else if (fault.code[0]) {
        reply_file_fault(call, upload, &fault);
    } else {
        reply_error(call->reply, &err, PROBLEM_internal);
    }
}

void files_analyze(struct call *call)
{
    struct web_multipart form;
    struct upload upload;
    struct request_fault fault;

    if (upload_read(call, &form, &upload, &fault)) {
        analyze(call, &upload);
    } else {
        reply_fault(call->reply, &fault);
    }
}
