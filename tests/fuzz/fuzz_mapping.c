/* Two lines of JSON, the field_mappings of a source and a row: mappings that are taken for a source
 * are read by every importer, and make of the row a document that is BSON, no deeper and no larger
 * than they allow; what they cannot read is told in proper text. */
#include "domain/document.h"
#include "domain/mapping.h"
#include "domain/settings.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PADDING = 64, NAME_BYTES = 4096 };

static const struct json_limits limits = {.max_depth = 32, .max_keys = 200};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const bson_t *read_json(struct arena *arena, const void *text, size_t n)
{
    char *padded = arena_calloc(arena, n + PADDING, 1);
    struct json_fault fault;
    const bson_t *document;

    if (n > 0) {
        memcpy(padded, text, n);
    }
    return json_read_object((struct str){padded, n}, &limits, arena, &document, &fault) ? document
                                                                                        : NULL;
}

static bool is_text(const char *text)
{
    return bson_utf8_validate(text, strlen(text), false);
}

/* Each value takes its own room and that of its target; a list of parts has a key for each. */
static size_t most_bytes(const bson_t *row, size_t fields)
{
    return 16 * (size_t)row->len + fields * NAME_BYTES;
}

static void apply(struct arena *arena, const struct import_settings *settings, const bson_t *row)
{
    struct findings findings = {.arena = arena};
    size_t fields = (size_t)bson_count_keys(row);
    const bson_t *out =
        mapping_apply(arena, settings->mappings, settings->mapping_count, row, &findings);

    AUTO(buf) struct buf json = {0};

    check(bson_validate(out, BSON_VALIDATE_NONE, NULL));
    json_write(&json, out);
    check(bson_utf8_validate(json.data, json.len, false));
    check(settings->mapping_count > 0 || out == row);
    check(out->len <= most_bytes(row, fields));
    check(findings.count == findings.errors && findings.count <= fields);
    findings_add(&findings, PROBLEM_field_type, "/a/b", "%s", "made of what was mapped");
    mapping_restore_paths(settings->mappings, settings->mapping_count, row, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        check(is_text(findings.items[i].text) && is_text(findings.items[i].path));
        check(findings.items[i].path[0] == '/');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *arena = arena_new();
    const uint8_t *line_end = size ? memchr(data, '\n', size) : NULL;
    const bson_t *source = line_end ? read_json(arena, data, (size_t)(line_end - data)) : NULL;
    const bson_t *row =
        source ? read_json(arena, line_end + 1, size - (size_t)(line_end + 1 - data)) : NULL;
    struct import_settings settings;
    struct err err = {0};

    if (!row) {
        return 0;
    }
    if (!settings_check_source(source, &err)) {
        check(err.kind == ERR_INVALID && *err.msg);
        return 0;
    }
    static const char tenant[] = "{\"default_language\":\"it\"}";
    const struct settings_parts parts = {.tenant = read_json(arena, tenant, sizeof(tenant) - 1),
                                         .source = source};
    bson_t *built = settings_build(&parts);
    struct str bytes = {(const char *)bson_get_data(built), built->len};

    check(settings_read(arena, bytes, &settings, &err));
    bson_destroy(built);
    apply(arena, &settings, row);
    return 0;
}
