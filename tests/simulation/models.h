#pragma once

#include "bus/bus.h"

#include <bson/bson.h>

/*
 * What stands in for the servers. Each model implements the functions of a library's header, so
 * that the code under test is linked against it unchanged: store/store.h (general part) and
 * store/writers.h, bus/bus.h, search_bulk_index of search/search.h. Below is what the checker and
 * the world need besides.
 */

/* ---- MongoDB: documents, snapshots, transactions that meet in write conflicts ---- */

void store_model_begin(void);

/* The committed document, borrowed, or NULL. */
const bson_t *store_model_get(const char *collection, const char *id);

typedef void (*store_model_each_fn)(void *ctx, const bson_t *document);
void store_model_each(const char *collection, store_model_each_fn each, void *ctx);

/* The two languages that it understands as far as Consign speaks them; any other word is a
 * violation. */
bool query_matches(const bson_t *document, const bson_t *filter);
const bson_t *query_update(struct arena *arena, const bson_t *document, const bson_t *update);

/* ---- Kafka: partitions, groups, late and repeated messages ---- */

void bus_model_begin(void);
void bus_model_rebalance(void);     /* gives a partition to another member of its group */
void bus_model_reset_offsets(void); /* a group reads a partition from its beginning again */
void bus_model_deliver_late(void);  /* what was under way when its producer gave up */
bool bus_model_has_late(void);
int64_t bus_model_lag(void); /* of all groups */
void bus_model_append(const struct bus_out *message);

typedef void (*bus_model_each_fn)(void *ctx, const struct bus_out *message);
void bus_model_each(const char *topic, bus_model_each_fn each, void *ctx);

/* ---- OpenSearch: documents with external versions ---- */

void search_model_begin(void);
bool search_model_get(const char *entity, const char *tenant, const char *code, int64_t *version,
                      const bson_t **body);
size_t search_model_count(void);
