#pragma once

#include "base/mem.h"
#include "base/tally.h"
#include "domain/claims.h"
#include "domain/finding.h"
#include "domain/settings.h"

#include <bson/bson.h>
#include <stdint.h>

/*
 * What an importer needs to know of an entity: where it lives and how one row becomes the next
 * version of a document. The write path (apply/) is the same for all.
 */

enum { ENTITY_MAX_CODE = 256, ENTITY_MAX_DOCUMENT = 8 * 1024 * 1024 };

struct entity;

/* Everything one row is applied with. Nothing here is changed but `findings`, `claims` and
 * `unknown`. */
struct row_context {
    struct arena *arena;
    const struct entity *entity;
    const struct import_settings *settings;
    struct findings *findings;
    struct claims *claims;             /* NULL for entities without */
    const struct snapshots *snapshots; /* of what the rows name by id; NULL: nothing is known */
    struct name_tally *unknown;        /* counts fields in no table; NULL: nobody asks */
    const char *tenant;
    const char *job_id;
    uint32_t row;
    int64_t now_ms;
};

/* A row under our field names, with the code that identifies its entity. */
struct identified_row {
    const bson_t *sent; /* as it came */
    const bson_t *row;
    const char *code;
    const char *claim; /* public code it asks for; NULL for none */
};

enum row_result { ROW_REFUSED, ROW_UNCHANGED, ROW_CREATED, ROW_UPDATED };

struct row_outcome {
    enum row_result result;
    int64_t version;        /* of the entity after the row */
    const bson_t *document; /* the new current document; NULL when refused or unchanged */
    bool meets_publish_rule;
};

struct embedding;   /* domain/reference.h */
struct field_table; /* domain/field.h */
struct snapshots;   /* domain/snapshots.h */

struct entity {
    const char *name;       /* "products": collection, message field, route */
    const char *singular;   /* "product": of answers and job ids */
    const char *code_field; /* "entity_code": stands first in the content */
    const char
        *code_alias;     /* "sku": names the entity in a row without a code; NULL: nothing does */
    const char *history; /* collection of demoted versions */
    const struct field_table *fields;
    bool has_claims;  /* public codes are unique per tenant */
    bool is_searched; /* versions go to the search index */

    /* True for the names of fields that the system sets; a row cannot. */
    bool (*is_system)(const char *key);

    /* Applies the source's mappings and finds the code; false with a finding when the row has none.
     */
    bool (*identify)(const struct row_context *ctx, const bson_t *row, struct identified_row *out);

    /* The next version, given the current one (NULL: there is none). */
    void (*apply)(const struct row_context *ctx, const struct identified_row *row,
                  const bson_t *current, struct row_outcome *out);

    /* The version of `current` with the snapshot of an entity that it refers to. NULL: it refers to
     * none. */
    void (*embed)(const struct row_context *ctx, const struct embedding *embedding,
                  const bson_t *current, struct row_outcome *out);
};

extern const struct entity entity_products;
extern const struct entity entity_customers;

/* What products refer to, and embed as snapshots: domain/catalog.c. */
extern const struct entity entity_brands;
extern const struct entity entity_categories;
extern const struct entity entity_collections;
extern const struct entity entity_product_types;
extern const struct entity entity_synonym_dictionaries;

/* Every entity, one after the other; NULL behind the last. */
const struct entity *entity_at(size_t index);

/* NULL when there is none of this name. */
const struct entity *entity_named(const char *name);

/* True for what the system sets on every entity. */
bool entity_is_system_field(const char *key);

/* A stored document without the fields that `is_system` names: what the partner sent and the rules
 * made of it. */
const bson_t *entity_content(struct arena *arena, const bson_t *document,
                             bool (*is_system)(const char *key));

/* Reports when `code` is empty, too long or holds NUL; `path` is that of the field. */
bool entity_check_code(const struct row_context *ctx, const bson_iter_t *code, const char *path);

/* Identifies a row by its code_field alone; without one it is reported as `missing`. */
bool entity_identify(const struct row_context *ctx, const bson_t *row, enum problem_id missing,
                     struct identified_row *out);

/* The row in stored form, its code first. What is wrong with its fields is reported. */
bson_t *entity_stored_form(const struct row_context *ctx, const struct identified_row *row);

/* Puts together the next version of a document: system fields first, then `content`. */
struct version_parts {
    const char *code;
    const bson_t *current; /* NULL on create */
    const bson_t *content;
    const bson_t *system; /* further system fields of the entity; may be NULL */
};
const bson_t *entity_next_version(const struct row_context *ctx, const struct version_parts *parts,
                                  int64_t *version);

/* The demoted copy of a version document: other _id, isCurrent false, all else the same. */
const bson_t *entity_demote(struct arena *arena, const bson_t *document, const char *history_id);
