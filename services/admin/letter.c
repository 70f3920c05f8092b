#include "letter.h"

#include "domain/array.h"
#include "domain/document.h"
#include "message/message.h"
#include "message/topics.h"
#include "store/store.h"

#include <stdlib.h>

enum { FIRST_BYTES = 256 };

/* Texts of messages may be anything. */
static void append_text(bson_t *out, const char *key, const char *text)
{
    size_t n = text ? strlen(text) : 0;

    if (text && bson_utf8_validate(text, n, false)) {
        bson_append_utf8(out, key, -1, text, (int)n);
    } else {
        bson_append_null(out, key, -1);
    }
}

static void append_header(bson_t *out, const char *key, const struct bus_message *letter,
                          const char *name)
{
    append_text(out, key, bus_message_header(letter, name));
}

static void append_number(bson_t *out, const char *key, const struct bus_message *letter,
                          const char *name)
{
    const char *text = bus_message_header(letter, name);

    if (text) {
        bson_append_int64(out, key, -1, strtoll(text, NULL, 10));
    } else {
        bson_append_null(out, key, -1);
    }
}

void letter_append_summary(bson_t *out, const struct bus_message *letter)
{
    bson_t from;

    append_text(out, "topic", letter->topic);
    BSON_APPEND_INT32(out, "partition", letter->partition);
    BSON_APPEND_INT64(out, "offset", letter->offset);
    BSON_APPEND_DATE_TIME(out, "time", letter->time_ms);
    append_header(out, "job_id", letter, "job-id");
    append_header(out, "tenant", letter, "tenant");
    append_header(out, "error", letter, "dlq-error");
    append_header(out, "kind", letter, "dlq-kind");
    append_number(out, "attempts", letter, "dlq-attempts");
    append_header(out, "group", letter, "dlq-group");
    BSON_APPEND_DOCUMENT_BEGIN(out, "from", &from);
    append_header(&from, "topic", letter, "dlq-topic");
    append_number(&from, "partition", letter, "dlq-partition");
    append_number(&from, "offset", letter, "dlq-offset");
    bson_append_document_end(out, &from);
}

static void append_origin(bson_t *out, const struct message_origin *origin)
{
    append_text(out, "job_id", origin->job_id);
    append_text(out, "tenant", origin->tenant);
    append_text(out, "entity", origin->entity);
    BSON_APPEND_INT64(out, "chunk", origin->chunk);
    BSON_APPEND_INT64(out, "lane", origin->lane);
    BSON_APPEND_INT64(out, "lanes", origin->lanes);
    append_text(out, "trace_id", origin->trace_id);
}

/* Null for bytes that are no document. */
static void append_bson(bson_t *out, const char *key, struct str bytes)
{
    bson_t document;

    if (message_is_bson(bytes) && bson_init_static(&document, (const uint8_t *)bytes.p, bytes.n)) {
        bson_append_document(out, key, -1, &document);
    } else {
        bson_append_null(out, key, -1);
    }
}

static void add_row(struct array *rows, const struct message_row *row)
{
    bson_t one;

    array_begin_document(rows, &one);
    BSON_APPEND_INT64(&one, "index", row->index);
    append_bson(&one, "row", row->bson);
    append_text(&one, "refused_code", row->refused_code);
    array_end_document(rows, &one);
}

static bool append_chunk(bson_t *out, struct arena *arena, struct str bytes, struct err *err)
{
    struct import_chunk chunk;
    bson_t body;
    struct array rows;

    if (!import_chunk_decode(arena, bytes, &chunk, err)) {
        return false;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "chunk", &body);
    append_origin(&body, &chunk.origin);
    append_bson(&body, "settings", chunk.settings);
    if (chunk.embed) {
        append_text(&body, "embed_kind", chunk.embed->kind);
        append_text(&body, "embed_id", chunk.embed->id);
    }
    if (chunk.scan) {
        append_text(&body, "scan_after", chunk.scan->after);
    }
    array_begin(&body, "rows", &rows);
    for (size_t i = 0; i < chunk.row_count; i++) {
        add_row(&rows, &chunk.rows[i]);
    }
    array_end(&rows);
    bson_append_document_end(out, &body);
    return true;
}

static bool append_progress(bson_t *out, struct arena *arena, struct str bytes, struct err *err)
{
    struct chunk_done done;
    bson_t body;

    if (!chunk_done_decode(arena, bytes, &done, err)) {
        return false;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "progress", &body);
    append_origin(&body, &done.origin);
    BSON_APPEND_INT32(&body, "stage", (int32_t)done.stage);
    BSON_APPEND_INT64(&body, "successful", done.counts.successful);
    BSON_APPEND_INT64(&body, "failed", done.counts.failed);
    BSON_APPEND_INT64(&body, "batch", done.batch);
    BSON_APPEND_INT64(&body, "indexed", done.indexed);
    BSON_APPEND_INT64(&body, "index_failed", done.index_failed);
    bson_append_document_end(out, &body);
    return true;
}

static bool append_search(bson_t *out, struct arena *arena, struct str bytes, struct err *err)
{
    struct search_batch batch;
    bson_t body;
    struct array items;
    bson_t one;

    if (!search_batch_decode(arena, bytes, &batch, err)) {
        return false;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "search_batch", &body);
    append_origin(&body, &batch.origin);
    BSON_APPEND_INT64(&body, "batch", batch.batch);
    array_begin(&body, "items", &items);
    for (size_t i = 0; i < batch.item_count; i++) {
        array_begin_document(&items, &one);
        append_text(&one, "code", batch.items[i].code);
        BSON_APPEND_INT64(&one, "version", batch.items[i].version);
        array_end_document(&items, &one);
    }
    array_end(&items);
    bson_append_document_end(out, &body);
    return true;
}

static bool append_file(bson_t *out, struct arena *arena, struct str bytes, struct err *err)
{
    struct import_file file;
    bson_t body;

    if (!import_file_decode(arena, bytes, &file, err)) {
        return false;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, "file", &body);
    append_text(&body, "job_id", file.job_id);
    append_text(&body, "tenant", file.tenant);
    append_text(&body, "entity", file.entity);
    append_text(&body, "blob", file.blob);
    append_bson(&body, "settings", file.settings);
    bson_append_document_end(out, &body);
    return true;
}

static void append_first_bytes(bson_t *out, struct arena *arena, struct str bytes)
{
    size_t n = bytes.n < FIRST_BYTES ? bytes.n : FIRST_BYTES;
    char *hex = arena_calloc(arena, 2 * n + 1, 1);

    for (size_t i = 0; i < n; i++) {
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)bytes.p[i]);
    }
    append_text(out, "first_bytes", hex);
}

static bool append_decoded(bson_t *out, struct arena *arena, const struct bus_message *letter,
                           struct err *err)
{
    static const struct {
        const char *topic;
        bool (*append)(bson_t *out, struct arena *arena, struct str bytes, struct err *err);
    } readers[] = {
        {TOPIC_PROGRESS, append_progress},
        {TOPIC_SEARCH, append_search},
        {TOPIC_IMPORT_FILES, append_file},
    };
    const char *from = bus_message_header(letter, "dlq-topic");

    for (size_t i = 0; from && i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (strcmp(from, readers[i].topic) == 0) {
            return readers[i].append(out, arena, letter->value, err);
        }
    }
    return append_chunk(out, arena, letter->value, err);
}

void letter_append_content(bson_t *out, const struct bus_message *letter)
{
    AUTO(arena) struct arena *arena = arena_new();
    bson_t headers;
    struct err err;

    BSON_APPEND_DOCUMENT_BEGIN(out, "headers", &headers);
    for (size_t i = 0; i < BUS_MAX_HEADERS && letter->headers[i].key; i++) {
        append_text(&headers, letter->headers[i].key, letter->headers[i].value);
    }
    bson_append_document_end(out, &headers);
    append_text(out, "key",
                letter->key.p ? arena_strndup(arena, letter->key.p, letter->key.n) : NULL);
    BSON_APPEND_INT64(out, "bytes", (int64_t)letter->value.n);
    if (!append_decoded(out, arena, letter, &err)) {
        append_text(out, "unreadable", err.msg);
        append_first_bytes(out, arena, letter->value);
    }
}
