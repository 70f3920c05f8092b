#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#include <bson/bson.h>
#include <stddef.h>

/*
 * Everything besides the rows and the stored documents that decides how a job's rows are applied.
 * Taken once, at acceptance, and carried in every chunk, so that a replay decides the same and a
 * source changed meanwhile does not split a job.
 */

enum merge_mode { MERGE_REPLACE, MERGE_PARTIAL };

/* A list of borrowed texts. */
struct text_list {
    const char **items;
    size_t count;
};

bool text_list_has(const struct text_list *list, const char *text);

/* The texts of the list at a dotted path; empty when there is none. They point into the document.
 */
struct text_list document_texts(struct arena *arena, const bson_t *document, const char *path);

struct field_mapping; /* domain/mapping.h */

struct import_settings {
    enum merge_mode merge_mode;

    /* tenant */
    const char *default_language;
    struct text_list languages;
    bool search_enabled;
    bool strict_legal_info;
    const char *default_channel; /* request's channel, else the tenant's; may be NULL */

    /* source; all empty for customers */
    const char *source_id;
    const char *source_name;
    struct field_mapping *mappings;
    size_t mapping_count;
    struct text_list locked_fields;
    struct text_list required_fields;
    bool auto_publish_enabled;
    double min_score_threshold;
    bool skip_unchanged;

    const char *batch_id;         /* NULL when absent */
    const bson_t *batch_metadata; /* NULL when absent */
};

/* Reads what settings_build made. All memory belongs to the arena; ERR_INVALID for anything else.
 */
bool settings_read(struct arena *arena, struct str bson, struct import_settings *out,
                   struct err *err) MUST_USE;

/* The parts that a request is made of; NULL where there is none. `request` is the envelope of the
 * import request. */
struct settings_parts {
    const bson_t *tenant;  /* document of `tenants` */
    const bson_t *source;  /* document of `import_sources` */
    const bson_t *request; /* merge_mode, channel, batch_id, batch_metadata */
};

/* The BSON that goes into ImportChunk.settings. The caller destroys it. */
bson_t *settings_build(const struct settings_parts *parts);

/* Checks the body of POST/PUT /api/b2b/pim/sources: types and values of every field, transforms,
 * paths. ERR_INVALID with a message that names the field. */
bool settings_check_source(const bson_t *source, struct err *err) MUST_USE;
