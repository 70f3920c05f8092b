#pragma once

#include "apply/apply.h"
#include "base/strmap.h"
#include "domain/entity.h"
#include "domain/snapshots.h"
#include "message/message.h"
#include "store/receipts.h"

struct apply {
    const struct config *config;
    struct store *store;
    struct bus_producer *producer;
    const struct entity *const *entities;
    bool forwards_products;
    struct arena *arena; /* of the run in hand */
    struct store_session
        *session; /* kept from run to run: its server session is what writers_take notes */
    struct arena *taken_arena;
    struct strmap *taken; /* partitions that this process writes, as far as it knows */
    struct arena *known_arena;
    struct strmap *accepted; /* ids of jobs known to be accepted, forgotten now and then */
};

/* One chunk of the run in hand. */
struct work {
    const struct entity *entity; /* NULL: the chunk is only forwarded */
    struct import_chunk chunk;
    struct str bytes; /* the chunk as it came */
    struct import_settings settings;
    const struct entity *embedded; /* whose snapshot goes into the rows; NULL: they are content */
    struct receipt receipt;
    bool has_receipt; /* applied before: only publish */
};

struct works {
    struct work *items;
    size_t count;
};

/* An entity that the run touches: what is stored and what it became. */
struct slot {
    const char *id;
    const bson_t *stored;  /* NULL: not there before the run */
    const bson_t *current; /* after the rows so far */
};

/* A growing list of borrowed documents. */
struct bson_list {
    const bson_t **items;
    size_t count;
    size_t cap;
};
void bson_list_add(struct arena *arena, struct bson_list *list, const bson_t *document);

/* All that a transaction writes. */
struct changes {
    struct strmap *slots; /* _id -> struct slot, in the order first met */
    struct bson_list history;
    struct bson_list errors;
    struct claims claims;
    struct snapshots snapshots;
    const struct entity *entity;
    const char *tenant;
};

/* Makes sure that apply->session is there. */
bool apply_open_session(struct apply *apply, struct err *err) MUST_USE;

/* Drops the chunks of jobs that were never accepted; waits for those that are being accepted (ADR
 * 0002). */
bool apply_await_acceptance(struct apply *apply, struct store_session *session, struct works *works,
                            struct err *err) MUST_USE;

/* Plans all rows of the chunks without a receipt: reads current documents, fills `changes` and the
 * receipts. */
bool apply_plan(struct apply *apply, struct store_session *session, struct works *works,
                struct changes *changes, struct err *err) MUST_USE;

/* Writes `changes` and the new receipts inside the session's transaction. */
bool apply_write(struct apply *apply, struct store_session *session, const struct works *works,
                 const struct changes *changes, struct err *err) MUST_USE;

/* Publishes what the receipts say, forwards the other chunks, and waits for Kafka. */
bool apply_publish(struct apply *apply, const struct works *works, struct err *err) MUST_USE;
