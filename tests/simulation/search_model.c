#include "base/strmap.h"
#include "domain/document.h"
#include "search/search.h"
#include "simulation/models.h"
#include "simulation/world.h"

struct indexed {
    int64_t version;
    const bson_t *body;
};

static struct strmap *indexed_documents;

static char *key_of(const char *entity, const char *tenant, const char *code)
{
    return arena_printf(world_arena(), "%s|%s|%s", entity, tenant, code);
}

static void index_document(const struct search_document *document)
{
    char *key = key_of(document->entity, document->tenant, document->code);
    struct indexed *indexed = strmap_get(indexed_documents, key);

    if (!indexed) {
        indexed = arena_calloc(world_arena(), 1, sizeof(*indexed));
        strmap_put(indexed_documents, key, indexed);
    }
    if (document->version > indexed->version || world_is_mutated(MUTATION_EXTERNAL_VERSION)) {
        const void *bytes =
            arena_memdup(world_arena(), bson_get_data(document->body), document->body->len);

        *indexed = (struct indexed){document->version,
                                    document_view(world_arena(), bytes, document->body->len)};
        world_note_change();
    }
}

/* Each document fares for itself, also when the answer to all of them is lost. */
bool search_bulk_index(struct search *search, const struct search_document *documents, size_t count,
                       struct search_result *results, struct err *err)
{
    (void)search;
    if (!world_before("index", "documents", err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        results[i] = (struct search_result){.outcome = SEARCH_STORED};
        if (world_has_fault(FAULT_PUT_OFF)) {
            results[i] = (struct search_result){SEARCH_RETRY, "429"};
        } else {
            index_document(&documents[i]);
        }
    }
    return world_after("index", "documents", err);
}

bool search_model_get(const char *entity, const char *tenant, const char *code, int64_t *version,
                      const bson_t **body)
{
    const struct indexed *indexed = strmap_get(indexed_documents, key_of(entity, tenant, code));

    if (!indexed) {
        return false;
    }
    *version = indexed->version;
    *body = indexed->body;
    return true;
}

size_t search_model_count(void)
{
    return strmap_count(indexed_documents);
}

void search_model_begin(void)
{
    indexed_documents = strmap_new(world_arena());
}
