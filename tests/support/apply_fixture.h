#pragma once

#include "apply/apply.h"
#include "config/config.h"
#include "message/message.h"
#include "store/store.h"

/* The write path against a real MongoDB and a real Kafka, in a database and with topics of its own.
 * One per program: apply_fixture_open and apply_fixture_close are the set-up and tear-down of a
 * group. */
struct apply_fixture {
    struct config config;
    struct store *store;
    struct bus_producer *producer;
    struct arena *arena;
    struct store_session *session;
};

extern struct apply_fixture fixture;

int apply_fixture_open(void **state);
int apply_fixture_close(void **state);

/* Inserts an open job as ingress would; "accepted", "accepting" or "abandoned". Gives its id. */
const char *new_job(const char *acceptance);
const char *new_job_of(const char *tenant, const char *acceptance);

/* What every chunk carries: languages it and en, search in it. */
struct str settings_bytes(void);

/* One chunk as ingress would send it; rows in JSON. */
struct chunk_spec {
    const char *job_id;
    const char *tenant; /* NULL: "acme" */
    const char *entity; /* NULL: "products" */
    uint32_t number;
    uint32_t first_row;
    const char *rows[4];
    const struct chunk_embed *embed;
    const struct chunk_scan *scan;
};

struct bus_message message_of(const struct chunk_spec *spec);

/* Applies as an importer of one entity. */
bool apply_messages(const struct entity *entity, struct bus_message *messages, size_t count,
                    struct err *err);

/* At most four. */
bool apply_specs(const struct entity *entity, const struct chunk_spec *specs, size_t count,
                 struct err *err);
void assert_applied(const struct entity *entity, const struct chunk_spec *specs, size_t count);

/* The document with this _id, NULL when there is none. The caller destroys it. */
bson_t *stored(const char *collection, const char *id);

/* Of a product; 0 when there is none. */
int64_t version_of(const char *id);

int64_t count_in(const char *collection, const char *field, const char *value);
