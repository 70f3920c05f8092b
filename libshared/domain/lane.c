#include "domain/lane.h"

#include "domain/chunker.h"
#include "domain/entity.h"

uint32_t lane_of_row(struct arena *arena, const struct lane_query *query, const bson_t *row)
{
    struct findings ignored = {.arena = arena};
    struct row_context context = {
        .arena = arena, .entity = query->entity, .settings = query->settings, .findings = &ignored};
    struct identified_row identified;

    if (query->lanes == 1 || !query->entity->identify(&context, row, &identified)) {
        return 0;
    }
    return chunker_lane(str_from(identified.code), query->lanes);
}
