#include "domain/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool request_refuse(struct request_fault *fault, enum problem_id problem, const char *fmt, ...)
{
    va_list args;

    *fault = (struct request_fault){.problem = problem_get(problem), .index = -1, .offset = -1};
    va_start(args, fmt);
    vsnprintf(fault->detail, sizeof(fault->detail), fmt, args);
    va_end(args);
    return false;
}

bool request_refuse_field(struct request_fault *fault, enum problem_id problem, const char *parent,
                          const char *key, const char *demand)
{
    request_refuse(fault, problem, "%s%s%s %s", parent, *parent ? "." : "", key, demand);
    snprintf(fault->path, sizeof(fault->path), "%s%s/%s", *parent ? "/" : "", parent, key);
    return false;
}

bool request_check_rows(const struct request_shape *shape, const struct request_rows *rows,
                        struct request_fault *fault)
{
    if (!rows->present) {
        return request_refuse_field(fault, PROBLEM_field_missing, "", shape->rows_key,
                                    "must be an array of objects");
    }
    if (rows->count == 0) {
        return request_refuse_field(fault, PROBLEM_rows_empty, "", shape->rows_key,
                                    "must not be empty");
    }
    if (rows->too_many) {
        request_refuse(fault, PROBLEM_rows_too_many, "%s must not hold more than %zu rows",
                       shape->rows_key, shape->max_rows);
        snprintf(fault->path, sizeof(fault->path), "/%s/%zu", shape->rows_key, shape->max_rows);
        fault->index = (int64_t)shape->max_rows;
        return false;
    }
    return true;
}

/* Finds a field that is neither absent nor null. */
static bool find_field(const bson_t *document, const char *key, bson_iter_t *iter)
{
    return bson_iter_init_find(iter, document, key) && !BSON_ITER_HOLDS_NULL(iter);
}

/* Text of 1 to REQUEST_MAX_TEXT bytes without NUL, or nothing. */
static bool read_text(const bson_t *document, const char *parent, const char *key, const char **out,
                      struct request_fault *fault)
{
    bson_iter_t iter;
    uint32_t length;

    if (!find_field(document, key, &iter)) {
        return true;
    }
    if (!BSON_ITER_HOLDS_UTF8(&iter)) {
        return request_refuse_field(fault, PROBLEM_field_type, parent, key, "must be text");
    }
    const char *text = bson_iter_utf8(&iter, &length);

    if (length == 0 || length > REQUEST_MAX_TEXT || strlen(text) != length) {
        return request_refuse_field(fault, PROBLEM_field_value, parent, key,
                                    "must have 1 to 256 bytes and no NUL");
    }
    *out = text;
    return true;
}

static bool read_count(const bson_t *metadata, const char *key, int64_t min, int64_t *out,
                       struct request_fault *fault)
{
    bson_iter_t iter;

    if (!find_field(metadata, key, &iter)) {
        return true;
    }
    if (!BSON_ITER_HOLDS_INT(&iter) || bson_iter_as_int64(&iter) < min) {
        return request_refuse_field(fault, PROBLEM_batch_metadata, "batch_metadata", key,
                                    min > 0 ? "must be a whole number from 1"
                                            : "must be a whole number from 0");
    }
    *out = bson_iter_as_int64(&iter);
    return true;
}

static bool read_parts(const bson_t *metadata, struct import_envelope *out,
                       struct request_fault *fault)
{
    if (!read_text(metadata, "batch_metadata", "batch_id", &out->batch_id, fault) ||
        !read_count(metadata, "batch_part", 1, &out->batch_part, fault) ||
        !read_count(metadata, "batch_total_parts", 1, &out->batch_total_parts, fault) ||
        !read_count(metadata, "batch_total_items", 0, &out->batch_total_items, fault)) {
        return false;
    }
    if (out->batch_total_parts >= 0 && out->batch_part > out->batch_total_parts) {
        return request_refuse_field(fault, PROBLEM_batch_metadata, "batch_metadata", "batch_part",
                                    "must not be above batch_total_parts");
    }
    return true;
}

/* Metadata outlives its request: it travels in every chunk and stands on every product, or waits
 * for the answer. Hence its bound. */
static bool read_metadata(const bson_t *envelope, const char *key, enum problem_id problem,
                          struct str *out, struct request_fault *fault)
{
    bson_iter_t iter;
    uint32_t length;
    const uint8_t *data;

    if (!find_field(envelope, key, &iter)) {
        return true;
    }
    if (!BSON_ITER_HOLDS_DOCUMENT(&iter)) {
        return request_refuse_field(fault, problem, "", key, "must be an object");
    }
    bson_iter_document(&iter, &length, &data);
    if (length > REQUEST_MAX_METADATA) {
        return request_refuse_field(fault, problem, "", key, "must not be larger than 4 KB");
    }
    *out = (struct str){(const char *)data, length};
    return true;
}

static bool read_batch(const bson_t *envelope, struct import_envelope *out,
                       struct request_fault *fault)
{
    struct str *bytes = &out->batch_metadata;
    bson_t metadata;

    if (!read_metadata(envelope, "batch_metadata", PROBLEM_batch_metadata, bytes, fault)) {
        return false;
    }
    return !bytes->p || (bson_init_static(&metadata, (const uint8_t *)bytes->p, bytes->n) &&
                         read_parts(&metadata, out, fault));
}

bool request_read_merge_mode(const bson_t *envelope, const char **out, struct request_fault *fault)
{
    bson_iter_t iter;

    *out = "replace";
    if (!find_field(envelope, "merge_mode", &iter)) {
        return true;
    }
    const char *mode = BSON_ITER_HOLDS_UTF8(&iter) ? bson_iter_utf8(&iter, NULL) : "";

    if (strcmp(mode, "replace") != 0 && strcmp(mode, "partial") != 0) {
        return request_refuse_field(fault, PROBLEM_field_value, "", "merge_mode",
                                    "must be 'replace' or 'partial'");
    }
    *out = mode;
    return true;
}

bool request_read_envelope(const struct request_shape *shape, const bson_t *envelope,
                           struct import_envelope *out, struct request_fault *fault)
{
    *out = (struct import_envelope){
        .batch_part = -1, .batch_total_parts = -1, .batch_total_items = -1};
    if (!request_read_merge_mode(envelope, &out->merge_mode, fault) ||
        !read_text(envelope, "", "channel", &out->channel, fault) ||
        !read_text(envelope, "", "batch_id", &out->batch_id, fault) ||
        !read_text(envelope, "", "parent_job_id", &out->parent_job_id, fault) ||
        !read_batch(envelope, out, fault)) {
        return false;
    }
    if (!shape->needs_source) {
        return true;
    }
    if (!read_text(envelope, "", "source_id", &out->source_id, fault) ||
        !read_metadata(envelope, "channel_metadata", PROBLEM_field_value, &out->channel_metadata,
                       fault)) {
        return false;
    }
    return out->source_id ||
           request_refuse_field(fault, PROBLEM_field_missing, "", "source_id", "is required");
}

/* The text at a key of the row; {NULL, 0} when it is absent or no text. */
static struct str text_at(struct str bson, const char *key)
{
    bson_t row;
    bson_iter_t iter;
    uint32_t length;

    if (!bson_init_static(&row, (const uint8_t *)bson.p, bson.n) ||
        !bson_iter_init_find(&iter, &row, key) || !BSON_ITER_HOLDS_UTF8(&iter)) {
        return (struct str){0};
    }
    const char *text = bson_iter_utf8(&iter, &length);

    return (struct str){text, length};
}

static bool is_blank(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!strchr(" \t\r\n", text.p[i])) {
            return false;
        }
    }
    return true;
}

bool request_check_company(struct str bson, size_t index, struct request_fault *fault)
{
    if (!is_blank(text_at(bson, "external_code"))) {
        return true;
    }
    request_refuse(fault, PROBLEM_external_code_missing,
                   "customers[%zu].external_code must be a non-empty text", index);
    snprintf(fault->path, sizeof(fault->path), "/customers/%zu/external_code", index);
    fault->index = (int64_t)index;
    return false;
}

static struct str trimmed(struct str text)
{
    while (text.n > 0 && (*text.p == ' ' || *text.p == '\t')) {
        text.p++;
        text.n--;
    }
    while (text.n > 0 && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t')) {
        text.n--;
    }
    return text;
}

/* Cuts `rest` at the next ';' and returns the trimmed part before it. */
static struct str next_part(struct str *rest)
{
    const char *end = memchr(rest->p, ';', rest->n);
    struct str part = {rest->p, end ? (size_t)(end - rest->p) : rest->n};

    *rest = end ? (struct str){end + 1, rest->n - part.n - 1} : (struct str){0};
    return trimmed(part);
}

static bool is_same_word(struct str text, const char *word)
{
    return text.n == strlen(word) && strncasecmp(text.p, word, text.n) == 0;
}

bool request_is_json(struct str content_type)
{
    struct str rest = content_type;

    if (!rest.p) {
        return true;
    }
    if (!is_same_word(next_part(&rest), "application/json")) {
        return false;
    }
    while (rest.n > 0) {
        struct str parameter = next_part(&rest);
        bool is_charset = parameter.n > 8 && strncasecmp(parameter.p, "charset=", 8) == 0;

        if (is_charset && !is_same_word(parameter, "charset=utf-8") &&
            !is_same_word(parameter, "charset=\"utf-8\"")) {
            return false;
        }
    }
    return true;
}

bool request_is_idempotency_key(struct str key)
{
    if (key.n < 1 || key.n > 255) {
        return false;
    }
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] < 0x20 || key.p[i] > 0x7e) {
            return false;
        }
    }
    return true;
}
