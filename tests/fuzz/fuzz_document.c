/* A row of JSON, applied as a product, a company, a category and a dictionary in both modes, twice:
 * the rules never crash and never leave a document that is no BSON. The first byte picks the mode.
 */
#include "domain/entity.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_limits limits = {
    .max_depth = 32, .max_keys = 100, .max_row_bytes = 1 << 20, .max_rows = 10};

static void apply_twice(struct arena *arena, const struct entity *entity,
                        const struct import_settings *settings, const bson_t *row)
{
    struct claims claims;
    const bson_t *current = NULL;

    claims_init(&claims, arena, 1);
    for (uint32_t i = 0; i < 2; i++) {
        struct findings findings = {.arena = arena};
        struct row_context ctx = {
            .arena = arena,
            .entity = entity,
            .settings = settings,
            .findings = &findings,
            .claims = &claims,
            .tenant = "t",
            .job_id = "j_1_a",
            .row = i,
            .now_ms = 1000,
        };
        struct row_outcome outcome = {.result = ROW_REFUSED};
        struct identified_row identified;

        if (entity->identify(&ctx, row, &identified)) {
            entity->apply(&ctx, &identified, current, &outcome);
        }
        if (outcome.document && !bson_validate(outcome.document, BSON_VALIDATE_NONE, NULL)) {
            abort();
        }
        current = outcome.document ? outcome.document : current;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *languages[] = {"it", "en"};
    AUTO(arena) struct arena *arena = arena_new();
    struct import_settings settings = {
        .default_language = "it",
        .languages = {languages, 2},
        .default_channel = "c",
        .auto_publish_enabled = true,
        .skip_unchanged = true,
    };
    struct json_fault fault;
    const bson_t *row;

    if (size < 2) {
        return 0;
    }
    settings.merge_mode = data[0] & 1 ? MERGE_PARTIAL : MERGE_REPLACE;
    char *text = arena_calloc(arena, size + 64, 1);
    memcpy(text, data + 1, size - 1);
    if (json_read_object((struct str){text, size - 1}, &limits, arena, &row, &fault)) {
        apply_twice(arena, &entity_products, &settings, row);
        apply_twice(arena, &entity_customers, &settings, row);
        apply_twice(arena, &entity_categories, &settings, row);
        apply_twice(arena, &entity_synonym_dictionaries, &settings, row);
    }
    return 0;
}
