#pragma once

#include "domain/entity.h"
#include "domain/snapshots.h"

#include <bson/bson.h>

/* Applies rows to documents as an importer would, without servers: JSON in, JSON out. Single quotes
 * stand for double ones. */

/* The document of a JSON text; fails the test when it is none. */
const bson_t *test_document(struct arena *arena, const char *json);

/* The document of a JSON file, of at most 1 MB and with double quotes as usual. */
const bson_t *test_file(struct arena *arena, const char *path);

/* A document as JSON text without the members named in `without` (NULL-terminated; may be NULL). */
const char *test_json(struct arena *arena, const bson_t *document, const char *const *without);

/* One entity under test. Set what a test needs, then call row_apply again and again: `current`
 * follows. */
struct row_bench {
    struct arena *arena;
    const struct entity *entity;
    const char *tenant_json;  /* NULL: it, en, de, fr; default it; search on */
    const char *source_json;  /* NULL: no source */
    const char *request_json; /* NULL: {} */
    const bson_t *current;    /* NULL: nothing stored yet */
    struct findings findings; /* of the last row */
    struct row_outcome outcome;
    struct claims claims;
    struct snapshots snapshots; /* none known at first */
    struct name_tally unknown;  /* of all rows */
    uint32_t rows;
};

void row_bench_init(struct row_bench *bench, struct arena *arena, const struct entity *entity);
enum row_result row_apply(struct row_bench *bench, const char *row_json);
enum row_result row_apply_document(struct row_bench *bench, const bson_t *sent);

/* Lets the tenant know an entity that products refer to; the JSON is its content, with the id. */
void row_bench_know(struct row_bench *bench, const struct entity *entity, const char *json);

/* Puts the snapshot of an entity that is known into the current document. `is_listed`: as for a
 * product that the import of the entity names. */
enum row_result row_embed(struct row_bench *bench, const struct entity *entity, const char *id,
                          bool is_listed);

/* The content of the current document: without what the system sets. */
const char *row_content(struct row_bench *bench);

/* True when the last row has a finding with this code and path. */
bool row_found(const struct row_bench *bench, const char *code, const char *path);

/* A bench with its arena, as the state of a cmocka test. Both return 0. */
struct row_fixture {
    struct arena *arena;
    struct row_bench bench;
};
int row_fixture_open(void **state, const struct entity *entity);
int row_fixture_close(void **state);
