#include "search/search_internal.h"

#include "json/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* OpenSearch refuses requests over 100 MB, and smaller ones are kinder to its memory. */
enum { REQUEST_BYTES = 8 * 1024 * 1024 };

static const char BULK_PATH[] =
    "/_bulk?filter_path=items.*.status,items.*.error.type,items.*.error.reason";

/* external_gte and not external: a document that is indexed again in its own version is a success.
 */
static bool add_document(const struct search *search, const struct search_document *document,
                         struct buf *out, struct err *err)
{
    char index[SEARCH_INDEX_SIZE];

    if (!search_index_name(search, document->entity, document->tenant, index, err)) {
        return false;
    }
    buf_printf(out, "{\"index\":{\"_index\":\"%s\",\"_id\":", index);
    json_write_text(out, str_from(document->code));
    buf_printf(out, ",\"version\":%" PRId64 ",\"version_type\":\"external_gte\"}}\n",
               document->version);
    json_write(out, document->body);
    buf_addc(out, '\n');
    return true;
}

static const char *text_at(const bson_iter_t *from, const char *path)
{
    bson_iter_t start = *from;
    bson_iter_t found;

    if (!bson_iter_find_descendant(&start, path, &found) || !BSON_ITER_HOLDS_UTF8(&found)) {
        return "";
    }
    return bson_iter_utf8(&found, NULL);
}

static enum search_outcome outcome_of(int64_t status, const char *error_type)
{
    if ((status >= 200 && status < 300) || status == 409) {
        return SEARCH_STORED;
    }
    /* The cluster has no room for another shard: 400, and yet no fault of the document. */
    if (strcmp(error_type, "validation_exception") == 0) {
        return SEARCH_RETRY;
    }
    return status == 400 || status == 413 ? SEARCH_REFUSED : SEARCH_RETRY;
}

/* `item` stands on {"index": {"status": 400, "error": {"type": …, "reason": …}}}. */
static bool read_item(const bson_iter_t *item, struct search_result *out)
{
    bson_iter_t action;
    bson_iter_t fields;
    bson_iter_t status;

    if (!BSON_ITER_HOLDS_DOCUMENT(item) || !bson_iter_recurse(item, &action) ||
        !bson_iter_next(&action) || !bson_iter_recurse(&action, &fields)) {
        return false;
    }
    bson_iter_t start = fields;
    if (!bson_iter_find(&start, "status")) {
        return false;
    }
    status = start;
    const char *type = text_at(&fields, "error.type");

    out->outcome = outcome_of(bson_iter_as_int64(&status), type);
    out->reason[0] = '\0';
    if (out->outcome != SEARCH_STORED) {
        snprintf(out->reason, sizeof(out->reason), "%" PRId64 " %s: %s",
                 bson_iter_as_int64(&status), type, text_at(&fields, "error.reason"));
    }
    return true;
}

static bool read_items(const bson_t *answer, struct search_result *results, size_t count,
                       struct err *err)
{
    bson_iter_t items;
    bson_iter_t item;
    size_t seen = 0;

    if (bson_iter_init_find(&items, answer, "items") && BSON_ITER_HOLDS_ARRAY(&items) &&
        bson_iter_recurse(&items, &item)) {
        while (seen < count && bson_iter_next(&item) && read_item(&item, &results[seen])) {
            seen++;
        }
    }
    return seen == count ||
           err_set(err, ERR_INTERNAL, "OpenSearch answers for %zu of %zu documents", seen, count);
}

static bool send_bulk(struct search *search, const struct buf *body, struct search_result *results,
                      size_t count, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(buf) struct buf answer = {0};
    const bson_t *document;
    struct search_request request = {
        .method = "POST",
        .path = BULK_PATH,
        .content_type = "application/x-ndjson",
        .body = {body->data, body->len},
    };

    return search_http_send(search, &request, &answer, err) &&
           search_answer_parse(arena, &answer, &document, err) &&
           read_items(document, results, count, err);
}

bool search_bulk_index(struct search *search, const struct search_document *documents, size_t count,
                       struct search_result *results, struct err *err)
{
    AUTO(buf) struct buf body = {0};
    size_t sent = 0;

    for (size_t i = 0; i < count; i++) {
        if (!add_document(search, &documents[i], &body, err)) {
            return false;
        }
        if (body.len >= REQUEST_BYTES || i + 1 == count) {
            if (!send_bulk(search, &body, results + sent, i + 1 - sent, err)) {
                return false;
            }
            sent = i + 1;
            buf_clear(&body);
        }
    }
    return true;
}
