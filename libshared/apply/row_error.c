#include "apply/planning.h"
#include "config/config.h"
#include "domain/array.h"
#include "domain/document.h"

static void append_findings(bson_t *out, const struct findings *findings)
{
    struct array list;
    bson_t item;

    array_begin(out, "findings", &list);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];

        array_begin_document(&list, &item);
        BSON_APPEND_UTF8(&item, "severity", finding->is_warning ? "warning" : "error");
        BSON_APPEND_UTF8(&item, "code", problem_get(finding->problem)->code);
        BSON_APPEND_UTF8(&item, "error", finding->text);
        BSON_APPEND_UTF8(&item, "path", finding->path);
        array_end_document(&list, &item);
    }
    array_end(&list);
}

const bson_t *planning_error_document(const struct planning *planning, const struct work *work,
                                      const struct planned_row *planned)
{
    struct arena *arena = planning->apply->arena;
    const struct message_origin *origin = &work->chunk.origin;
    bson_t *out = document_new(arena);

    BSON_APPEND_UTF8(
        out, "_id",
        ID_JOIN(arena, origin->job_id, arena_printf(arena, "%08u", planned->row->index)));
    BSON_APPEND_UTF8(out, "tenant", origin->tenant);
    BSON_APPEND_UTF8(out, "job_id", origin->job_id);
    BSON_APPEND_INT64(out, "row", planned->row->index);
    if (planned->identified.code) {
        BSON_APPEND_UTF8(out, "entity_code", planned->identified.code);
    } else {
        BSON_APPEND_NULL(out, "entity_code");
    }
    if (planned->sent) {
        BSON_APPEND_DOCUMENT(out, "raw_data", planned->sent);
    } else {
        BSON_APPEND_NULL(out, "raw_data");
    }
    append_findings(out, &planned->findings);
    BSON_APPEND_DATE_TIME(out, "expires_at",
                          planning->now_ms + planning->apply->config->receipt_ttl_s * 1000);
    return out;
}
