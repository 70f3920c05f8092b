#include "domain/stored.h"

#include "domain/document.h"

int64_t stored_date(const bson_t *document, const char *path, int64_t fallback)
{
    bson_iter_t at;

    return document_find(document, path, &at) && BSON_ITER_HOLDS_DATE_TIME(&at)
               ? bson_iter_date_time(&at)
               : fallback;
}

int64_t stored_total_rows(const bson_t *job)
{
    return document_int64(job, "total_rows", document_int64(job, "processed_rows", 0));
}

int64_t stored_chunk_end(const bson_t *job, int64_t fallback)
{
    int64_t chunks = document_int64(job, "total_chunks", -1);

    return chunks < 0 ? fallback : chunks * document_int64(job, "lanes", 1);
}

void stored_copy(const bson_t *from, const char *path, bson_t *to, const char *as)
{
    bson_iter_t at;

    if (document_find(from, path, &at)) {
        bson_append_iter(to, as, -1, &at);
    } else {
        bson_append_null(to, as, -1);
    }
}
