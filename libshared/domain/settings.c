#include "domain/settings.h"

#include "domain/document.h"
#include "domain/mapping.h"

#include <string.h>

static const double DEFAULT_THRESHOLD = 80;

static void copy_keys(bson_t *out, const bson_t *from, const char *const *keys)
{
    bson_iter_t it;

    for (; *keys; keys++) {
        if (from && bson_iter_init_find(&it, from, *keys)) {
            bson_append_iter(out, *keys, -1, &it);
        }
    }
}

static void append_part(bson_t *out, const char *name, const bson_t *from, const char *const *keys)
{
    bson_t part;

    if (from) {
        bson_append_document_begin(out, name, -1, &part);
        copy_keys(&part, from, keys);
        bson_append_document_end(out, &part);
    }
}

bson_t *settings_build(const struct settings_parts *parts)
{
    static const char *const tenant_keys[] = {"languages",         "default_language",
                                              "search_languages",  "default_channel",
                                              "legal_info_checks", NULL};
    static const char *const source_keys[] = {"source_id",
                                              "name",
                                              "field_mappings",
                                              "locked_fields",
                                              "auto_publish_enabled",
                                              "min_score_threshold",
                                              "required_fields",
                                              "unchanged",
                                              NULL};
    static const char *const request_keys[] = {"merge_mode", "channel", "batch_id",
                                               "batch_metadata", NULL};
    bson_t *out = bson_new();

    append_part(out, "tenant", parts->tenant, tenant_keys);
    append_part(out, "source", parts->source, source_keys);
    append_part(out, "request", parts->request, request_keys);
    return out;
}

struct text_list document_texts(struct arena *arena, const bson_t *document, const char *path)
{
    struct text_list list = {0};
    bson_iter_t array;
    bson_iter_t it;

    if (!document_find(document, path, &array) || !BSON_ITER_HOLDS_ARRAY(&array)) {
        return list;
    }
    size_t count = (size_t)bson_count_keys(document_nested(arena, &array));

    list.items = arena_calloc(arena, count, sizeof(*list.items));
    for (bool more = bson_iter_recurse(&array, &it) && bson_iter_next(&it); more;
         more = bson_iter_next(&it)) {
        if (BSON_ITER_HOLDS_UTF8(&it)) {
            list.items[list.count++] = bson_iter_utf8(&it, NULL);
        }
    }
    return list;
}

bool text_list_has(const struct text_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void read_tenant(struct arena *arena, const bson_t *doc, struct import_settings *out)
{
    const char *checks = document_text(doc, "tenant.legal_info_checks");
    struct text_list search = document_texts(arena, doc, "tenant.search_languages");

    out->languages = document_texts(arena, doc, "tenant.languages");
    out->default_language = document_text(doc, "tenant.default_language");
    out->search_enabled = out->default_language && text_list_has(&search, out->default_language);
    out->strict_legal_info = checks && strcmp(checks, "strict") == 0;
    out->default_channel = document_text(doc, "request.channel");
    if (!out->default_channel) {
        out->default_channel = document_text(doc, "tenant.default_channel");
    }
}

static bool read_source(struct arena *arena, const bson_t *doc, struct import_settings *out,
                        struct err *err)
{
    const char *unchanged = document_text(doc, "source.unchanged");
    bson_iter_t mappings;

    out->source_id = document_text(doc, "source.source_id");
    out->source_name = document_text(doc, "source.name");
    out->locked_fields = document_texts(arena, doc, "source.locked_fields");
    out->required_fields = document_texts(arena, doc, "source.required_fields");
    out->auto_publish_enabled = document_bool(doc, "source.auto_publish_enabled", false);
    out->min_score_threshold =
        document_number(doc, "source.min_score_threshold", DEFAULT_THRESHOLD);
    out->skip_unchanged = unchanged && strcmp(unchanged, "skip") == 0;
    if (!document_find(doc, "source.field_mappings", &mappings)) {
        return true;
    }
    return mapping_read(arena, &mappings, &out->mappings, &out->mapping_count, err);
}

bool settings_read(struct arena *arena, struct str bson, struct import_settings *out,
                   struct err *err)
{
    /* The texts in `out` point into the document, so it must live as long as they do. */
    const bson_t *doc = document_view(arena, arena_memdup(arena, bson.p, bson.n), bson.n);
    bson_iter_t metadata;

    if (!doc || !bson_validate(doc, BSON_VALIDATE_NONE, NULL)) {
        return err_set(err, ERR_INVALID, "the settings of the chunk are no BSON document");
    }
    *out = (struct import_settings){0};
    const char *mode = document_text(doc, "request.merge_mode");

    out->merge_mode = mode && strcmp(mode, "partial") == 0 ? MERGE_PARTIAL : MERGE_REPLACE;
    out->batch_id = document_text(doc, "request.batch_id");
    if (document_find(doc, "request.batch_metadata", &metadata) &&
        BSON_ITER_HOLDS_DOCUMENT(&metadata)) {
        out->batch_metadata = document_nested(arena, &metadata);
    }
    if (!out->batch_id && out->batch_metadata) {
        out->batch_id = document_text(out->batch_metadata, "batch_id");
    }
    read_tenant(arena, doc, out);
    if (!out->default_language) {
        return err_set(err, ERR_INVALID, "the settings of the chunk name no default language");
    }
    return read_source(arena, doc, out, err);
}

static bool check_texts(const bson_iter_t *value, const char *field, struct err *err)
{
    bson_iter_t it;

    if (!BSON_ITER_HOLDS_ARRAY(value) || !bson_iter_recurse(value, &it)) {
        return err_set(err, ERR_INVALID, "%s must be a list of texts", field);
    }
    while (bson_iter_next(&it)) {
        if (!BSON_ITER_HOLDS_UTF8(&it) || !*bson_iter_utf8(&it, NULL)) {
            return err_set(err, ERR_INVALID, "%s/%s must be a non-empty text", field,
                           bson_iter_key(&it));
        }
    }
    return true;
}

static bool check_text(const bson_iter_t *value, const char *field, struct err *err)
{
    return (BSON_ITER_HOLDS_UTF8(value) && *bson_iter_utf8(value, NULL)) ||
           err_set(err, ERR_INVALID, "%s must be a non-empty text", field);
}

static bool check_threshold(const bson_iter_t *value, const char *field, struct err *err)
{
    double number = BSON_ITER_HOLDS_NUMBER(value) ? bson_iter_as_double(value) : -1;

    return (number >= 0 && number <= 100) ||
           err_set(err, ERR_INVALID, "%s must be a number from 0 to 100", field);
}

static bool check_bool(const bson_iter_t *value, const char *field, struct err *err)
{
    return BSON_ITER_HOLDS_BOOL(value) ||
           err_set(err, ERR_INVALID, "%s must be true or false", field);
}

static bool check_unchanged(const bson_iter_t *value, const char *field, struct err *err)
{
    const char *text = BSON_ITER_HOLDS_UTF8(value) ? bson_iter_utf8(value, NULL) : "";

    return strcmp(text, "version") == 0 || strcmp(text, "skip") == 0 ||
           err_set(err, ERR_INVALID, "%s must be \"version\" or \"skip\"", field);
}

static bool check_mappings(const bson_iter_t *value, const char *field, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct field_mapping *mappings;
    size_t count;

    return mapping_read(arena, value, &mappings, &count, err) || err_context(err, "%s", field);
}

bool settings_check_source(const bson_t *source, struct err *err)
{
    static const struct {
        const char *field;
        bool (*check)(const bson_iter_t *value, const char *field, struct err *err);
    } checks[] = {
        {"source_id", check_text},
        {"name", check_text},
        {"field_mappings", check_mappings},
        {"locked_fields", check_texts},
        {"required_fields", check_texts},
        {"auto_publish_enabled", check_bool},
        {"min_score_threshold", check_threshold},
        {"unchanged", check_unchanged},
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        bson_iter_t value;

        if (bson_iter_init_find(&value, source, checks[i].field) && !BSON_ITER_HOLDS_NULL(&value) &&
            !checks[i].check(&value, checks[i].field, err)) {
            return false;
        }
    }
    return true;
}
