#include "apply/planning.h"
#include "config/config.h"
#include "domain/document.h"

struct page {
    struct arena *arena;
    struct import_chunk *chunk;
};

static bool on_product(void *ctx, const bson_t *document)
{
    const struct page *page = ctx;
    struct import_chunk *chunk = page->chunk;
    const char *code = document_text(document, entity_products.code_field);

    if (code) {
        bson_t *row = document_new(page->arena);

        bson_append_utf8(row, entity_products.code_field, -1, code, -1);
        chunk->rows[chunk->row_count] = (struct message_row){
            .index = chunk->scan->first_row + (uint32_t)chunk->row_count,
            .bson = {(const char *)bson_get_data(row), row->len},
        };
        chunk->row_count++;
    }
    return true;
}

/* Where the next page starts; NULL when this one is the last. */
static const char *end_of_page(const struct import_chunk *chunk, size_t limit)
{
    bson_t last;

    if (chunk->row_count < limit) {
        return NULL;
    }
    const struct str *bytes = &chunk->rows[limit - 1].bson;

    return bson_init_static(&last, (const uint8_t *)bytes->p, bytes->n)
               ? document_text(&last, entity_products.code_field)
               : NULL;
}

/* Products that the job itself has listed and changed are left out: they would count twice. */
static bson_t *filter_of(struct arena *arena, const struct import_chunk *chunk)
{
    const char *tenant = chunk->origin.tenant;
    const char *embeds = ID_JOIN(arena, tenant, chunk->embed->kind, chunk->embed->id);
    const char *after = ID_JOIN(arena, tenant, chunk->scan->after);

    return BCON_NEW("embeds", BCON_UTF8(embeds), "_id", "{", "$gt", BCON_UTF8(after), "}",
                    "import.job_id", "{", "$ne", BCON_UTF8(chunk->origin.job_id), "}");
}

bool planning_scan(const struct planning *planning, struct store_session *session,
                   struct work *work, struct err *err)
{
    struct arena *arena = planning->apply->arena;
    struct import_chunk *chunk = &work->chunk;
    struct page page = {arena, chunk};
    int64_t limit = planning->apply->config->chunk_rows;
    AUTO(bson) bson_t *filter = filter_of(arena, chunk);
    AUTO(bson)
    bson_t *options = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit", BCON_INT64(limit),
                               "batchSize", BCON_INT64(limit), "projection", "{",
                               entity_products.code_field, BCON_INT32(1), "}");

    chunk->rows = arena_calloc(arena, (size_t)limit, sizeof(*chunk->rows));
    chunk->row_count = 0;
    if (!store_find(session, planning->changes->entity->name, filter, options, on_product, &page,
                    err)) {
        return err_context(err, "looking for products that embed %s %s", chunk->embed->kind,
                           chunk->embed->id);
    }
    work->receipt.scan_after = end_of_page(chunk, (size_t)limit);
    return true;
}
