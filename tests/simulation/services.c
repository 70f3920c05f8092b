#include "simulation/services.h"

#include "apply/apply.h"
#include "config/config.h"
#include "domain/entity.h"
#include "ingress/acceptance.h"
#include "domain/document.h"
#include "job-tracker/track.h"
#include "message/topics.h"
#include "runtime/runtime.h"
#include "search-sync/sync.h"
#include "simulation/models.h"
#include "simulation/world.h"
#include "store/idempotency.h"

#include <stdio.h>
#include <string.h>

enum {
    CONNECTIONS = 2, /* of a tenant: the second repeats what the first is at */
    CHUNK_ROWS = 2,
    SWEEP_MS = 10000,
    REPEAT_MS = 40000,
    FOREVER_MS = 1000000000,
};

static struct config config;
static struct plan *planned;

/* ---- a partner, and ingress at work for it ---- */

static bson_t *product_of(struct arena *arena, const struct planned_row *row)
{
    bson_t *product = document_new(arena);
    char code[2] = {(char)('a' + row->code), '\0'};

    if (row->code >= 0) {
        BSON_APPEND_UTF8(product, "entity_code", code);
    }
    BSON_APPEND_UTF8(product, "name", row->name);
    return product;
}

static struct submission submission_of(struct call *call, const struct import_kind *kind,
                                       const struct request *request)
{
    bson_t *envelope = document_new(call->arena);
    struct submission submission = {
        .kind = kind,
        .request = envelope,
        .envelope = {.merge_mode = "replace",
                     .batch_part = -1,
                     .batch_total_parts = -1,
                     .batch_total_items = -1},
        .rows = arena_calloc(call->arena, request->row_count, sizeof(*submission.rows)),
        .row_count = request->row_count,
    };

    BSON_APPEND_UTF8(envelope, "merge_mode", "replace");
    for (size_t i = 0; i < request->row_count; i++) {
        const bson_t *product = product_of(call->arena, &request->rows[i]);

        submission.rows[i] = (struct json_row){bson_get_data(product), product->len};
    }
    return submission;
}

/* False: *answer says how the request ends. */
static bool claim(struct call *call, const struct request *request,
                  const struct idempotency_request *wanted, struct idempotency_claim *out,
                  enum answer *answer)
{
    struct err err;

    *answer = ANSWER_NONE;
    *out = (struct idempotency_claim){.outcome = IDEMPOTENCY_OWNED, .job_id = wanted->job_id};
    if (request->has_key && !idempotency_claim(call->session, wanted, call->arena, out, &err)) {
        return false;
    }
    switch (out->outcome) {
    case IDEMPOTENCY_OWNED:
    case IDEMPOTENCY_RESUMED:
        return true;
    case IDEMPOTENCY_BUSY:
        *answer = ANSWER_BUSY;
        return false;
    case IDEMPOTENCY_DONE:
        *answer = ANSWER_ACCEPTED;
        return false;
    case IDEMPOTENCY_MISMATCH:
        break;
    }
    world_violate("a key stands for another request");
    return false;
}

/* As services/ingress/submit.c does it: accept, then remember the answer or release the key. */
static enum answer commit(struct call *call, struct submission *submission,
                          const struct idempotency_key *key,
                          const struct idempotency_claim *claimed)
{
    struct idempotency_answer answer = {202, "{}"};
    struct request_fault fault;
    struct err err;
    bool ok = claimed->outcome == IDEMPOTENCY_RESUMED
                  ? acceptance_resume(call, submission, claimed->job_id, &fault)
                  : acceptance_commit(call, submission, claimed->job_id, &fault);

    if (ok) {
        if (key && !idempotency_finish(call->session, key, &answer, &err)) {
            world_trace("the answer is not remembered");
        }
        return world_self_is_dead() ? ANSWER_NONE : ANSWER_ACCEPTED;
    }
    if (submission->is_unsettled) {
        return ANSWER_NONE;
    }
    if (key && !idempotency_release(call->session, key, claimed->lease_until, &err)) {
        world_trace("the key is not released");
    }
    return world_self_is_dead() ? ANSWER_NONE : ANSWER_REFUSED;
}

static enum answer handle_request(struct call *call, const struct request *request, size_t number)
{
    static const struct import_kind kind = {
        .entity = &entity_products, .channel = "queue", .topic = TOPIC_IMPORT_PRODUCTS};
    struct idempotency_key key = {call->who.tenant, arena_printf(call->arena, "key %zu", number)};
    struct idempotency_request wanted = {
        .key = key,
        .route = "POST /api/b2b/pim/import/queue",
        .body_sha256 = key.key,
        .job_id = arena_printf(call->arena, "%s_%zu_%u", call->who.tenant, number, request->tries),
        .now_ms = call->now_ms,
        .lease_ms = config.idempotency_lease_ms,
        .ttl_ms = config.idempotency_ttl_s * 1000,
    };
    struct idempotency_claim claimed;
    enum answer answer;

    if (!claim(call, request, &wanted, &claimed, &answer)) {
        return answer;
    }
    struct submission submission = submission_of(call, &kind, request);

    return commit(call, &submission, request->has_key ? &key : NULL, &claimed);
}

static enum answer call_ingress(const struct tenant_plan *tenant, const struct request *request)
{
    AUTO(arena) struct arena *arena = arena_new();
    AUTO(store_session) struct store_session *session = NULL;
    struct ingress app = {.config = &config};
    struct call call = {.app = &app, .arena = arena, .now_ms = world_now_ms()};
    struct err err;

    snprintf(call.who.tenant, sizeof(call.who.tenant), "%s", tenant->name);
    if (!bus_producer_open(&config, &app.producer, &err) ||
        !store_session_open(NULL, &session, &err)) {
        return ANSWER_NONE;
    }
    call.session = session;
    return handle_request(&call, request, (size_t)(request - tenant->requests));
}

/* Without a key, rows are sent again only when it is certain that they were not taken. */
static void note_answer(struct tenant_plan *tenant, struct request *request, enum answer answer)
{
    world_trace("request %zu of %s: answer %d", (size_t)(request - tenant->requests), tenant->name,
                (int)answer);
    if (request->is_over) {
        return;
    }
    if (answer == ANSWER_ACCEPTED || (!request->has_key && answer == ANSWER_NONE)) {
        request->answer = answer;
        request->is_over = true;
        tenant->next++;
        world_wake_readers();
    }
}

static void run_client(struct process *self)
{
    struct tenant_plan *tenant = &planned->tenants[self->number / CONNECTIONS];
    struct request *request = &tenant->requests[tenant->next];

    if (tenant->next == tenant->count) {
        world_sleep(FOREVER_MS, true);
        return;
    }
    if (self->number % CONNECTIONS > 0) {
        world_sleep((int64_t)world_random(REPEAT_MS), false);
        if (request->is_over || !request->has_key || request->tries == 0) {
            return;
        }
    }
    request->tries++;
    note_answer(tenant, request, call_ingress(tenant, request));
}

/* ---- the services, opened as their main functions do it ---- */

static void consume(const struct consume_options *options)
{
    struct bus_producer *producer;
    struct err err;

    if (!bus_producer_open(&config, &producer, &err) ||
        (!runtime_consume(NULL, &config, producer, options, &err) && !world_self_is_dead())) {
        world_violate("%s stopped: %s", options->group, err.msg);
    }
}

static void run_importer(struct process *self)
{
    static const char *const topics[] = {TOPIC_IMPORT_PRODUCTS};
    struct apply_options options = {
        .config = &config, .entities = (const struct entity *const[]){&entity_products, NULL}};
    struct apply *apply = apply_open(&options);

    (void)self;
    consume(&(struct consume_options){.group = GROUP_PRODUCT_IMPORTER,
                                      .topics = topics,
                                      .topic_count = 1,
                                      .handle = apply_run,
                                      .give_up = apply_give_up,
                                      .ctx = apply});
    apply_close(apply);
}

static void run_search_sync(struct process *self)
{
    static const char *const topics[] = {TOPIC_SEARCH};
    struct sync sync = {.publish_timeout_ms = config.publish_timeout_ms};

    (void)self;
    consume(&(struct consume_options){.group = GROUP_SEARCH_SYNC,
                                      .topics = topics,
                                      .topic_count = 1,
                                      .handle = sync_handle,
                                      .give_up = sync_give_up,
                                      .ctx = &sync});
}

static void run_tracker(struct process *self)
{
    static const char *const topics[] = {TOPIC_PROGRESS, TOPIC_IMPORT_PRODUCTS TOPIC_DLQ_SUFFIX};
    struct tracker tracker = {.publish_timeout_ms = config.publish_timeout_ms,
                              .accept_timeout_ms = config.accept_timeout_ms};

    (void)self;
    consume(&(struct consume_options){.group = GROUP_JOB_TRACKER,
                                      .topics = topics,
                                      .topic_count = 2,
                                      .handle = track_handle,
                                      .tick = track_tick,
                                      .tick_ms = SWEEP_MS,
                                      .ctx = &tracker});
}

/* ---- the world at its beginning ---- */

static void make_tenant(const struct tenant_plan *tenant, int64_t lanes)
{
    AUTO(store_session) struct store_session *session = NULL;
    AUTO(bson)
    bson_t *document =
        BCON_NEW("_id", BCON_UTF8(tenant->name), "languages", "[", "it", "]", "default_language",
                 "it", "search_languages", "[", "it", "]", "lanes", BCON_INT64(lanes));
    struct err err;

    if (!store_session_open(NULL, &session, &err) ||
        !store_insert(session, "tenants", document, &err)) {
        world_violate("no tenant: %s", err.msg);
    }
}

void services_spawn(struct plan *plan)
{
    struct err err;

    if (!config.mongo_uri && !config_load(&config, &err)) {
        world_violate("%s", err.msg);
        return;
    }
    config.chunk_rows = CHUNK_ROWS;
    planned = plan;
    for (size_t i = 0; i < PLAN_TENANTS; i++) {
        make_tenant(&plan->tenants[i], (int64_t)i + 1);
        for (size_t k = 0; k < CONNECTIONS; k++) {
            world_spawn(ROLE_CLIENT, run_client);
        }
    }
    if (plan->has_poison) {
        bus_model_append(&(struct bus_out){.topic = TOPIC_IMPORT_PRODUCTS,
                                           .key = "acme|0",
                                           .value = STR("no chunk"),
                                           .weight = 1});
    }
    for (int i = 0; i < 2; i++) {
        world_spawn(ROLE_IMPORTER, run_importer);
        world_spawn(ROLE_SEARCH_SYNC, run_search_sync);
        world_spawn(ROLE_TRACKER, run_tracker);
    }
}
