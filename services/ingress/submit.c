#include "acceptance.h"
#include "handlers.h"
#include "ingress.h"
#include "intake.h"
#include "allowance.h"
#include "params.h"
#include "remember.h"
#include "reply.h"
#include "sync.h"
#include "upload.h"

#include "base/id.h"
#include "bus/bus.h"
#include "domain/answer.h"
#include "domain/entity.h"
#include "log/log.h"
#include "message/topics.h"
#include "store/idempotency.h"

/* ---- before the body is looked at ---- */

static bool check_preconditions(struct call *call, const struct import_kind *kind,
                                struct request_fault *fault)
{
    if (!bus_producer_is_up(call->app->producer)) {
        return request_refuse(fault, PROBLEM_unavailable, "%s", "");
    }
    if (!kind->is_media(web_header(call->request, "content-type"))) {
        return request_refuse(fault, PROBLEM_media_type, "send %s", kind->media);
    }
    if (call->request->body.n == 0) {
        return request_refuse(fault, PROBLEM_body_missing, "%s", "");
    }
    return true;
}

/* ---- Idempotency-Key ---- */

struct submit {
    const struct import_kind *kind;
    struct idempotency_key key; /* key.key is NULL without the header */
    struct idempotency_claim claim;
    const char *job_id;
};

static bool claim_key(struct call *call, struct submit *submit, struct request_fault *fault)
{
    struct str header = web_header(call->request, "idempotency-key");
    const struct config *config = call->app->config;
    char digest[DIGEST_SIZE];
    struct err err;

    if (!header.p) {
        submit->claim.outcome = IDEMPOTENCY_OWNED;
        return true;
    }
    if (!request_is_idempotency_key(header)) {
        return request_refuse(fault, PROBLEM_idempotency_key, "%s", "");
    }
    submit->key =
        (struct idempotency_key){call->who.tenant, arena_strndup(call->arena, header.p, header.n)};
    submit->kind->digest(call, digest);
    struct idempotency_request request = {.key = submit->key,
                                          .route = submit->kind->route,
                                          .body_sha256 = digest,
                                          .job_id = submit->job_id,
                                          .now_ms = call->now_ms,
                                          .lease_ms = config->idempotency_lease_ms,
                                          .ttl_ms = config->idempotency_ttl_s * 1000};

    if (!idempotency_claim(call->session, &request, call->arena, &submit->claim, &err)) {
        return refuse_error(fault, &err, PROBLEM_internal);
    }
    if (submit->claim.job_id) {
        submit->job_id = submit->claim.job_id;
    }
    return true;
}

/* A request that failed makes room for its repetition. When that fails too, the lease ends. */
static void release_key(struct call *call, const struct submit *submit)
{
    struct err err;

    if (submit->key.key &&
        !idempotency_release(call->session, &submit->key, submit->claim.lease_until, &err)) {
        log_warn("releasing the idempotency key: %s", err.msg);
    }
}

static void replay_answer(struct call *call, const struct idempotency_claim *claim)
{
    call->reply->status = (int)claim->status;
    buf_adds(&call->reply->body, claim->answer);
    web_reply_header(call->reply, "idempotent-replayed", "true");
}

/* ---- the use case ---- */

static bool accept_rows(struct call *call, const struct submit *submit,
                        struct submission *submission, struct request_fault *fault)
{
    bool is_resumed = submit->claim.outcome == IDEMPOTENCY_RESUMED;

    if ((!is_resumed && !allowance_take_job(call, fault)) ||
        !submit->kind->read(call, submit->kind, submission, fault)) {
        return false;
    }
    return is_resumed ? acceptance_resume(call, submission, submit->job_id, fault)
                      : acceptance_commit(call, submission, submit->job_id, fault);
}

static struct answer_file describe_file(struct call *call, const struct submission *submission,
                                        const char *job_id)
{
    const struct upload *upload = submission->upload;

    return (struct answer_file){.name = upload->name,
                                .url = upload_link(call, upload, job_id),
                                .size = (int64_t)upload->content.n,
                                .parent_job_id = submission->envelope.parent_job_id,
                                .created_at_ms = call->now_ms};
}

static void reply_accepted(struct call *call, const struct submit *submit,
                           const struct submission *submission)
{
    const struct import_kind *kind = submit->kind;
    struct answer_queued queued = {submit->job_id, submission->row_count, &submission->envelope,
                                   kind->entity,   kind->entity_id,       NULL};
    struct answer_file file;

    if (submission->upload) {
        file = describe_file(call, submission, submit->job_id);
        queued.file = &file;
    }
    AUTO(bson) bson_t *answer = kind->answer(&queued);

    reply_document(call->reply, 202, answer);
}

static void import_rows(struct call *call, const struct submit *submit)
{
    struct submission submission = {.kind = submit->kind};
    struct request_fault fault;

    if (!accept_rows(call, submit, &submission, &fault)) {
        reply_fault(call->reply, &fault);
        if (!submission.is_unsettled) {
            release_key(call, submit);
        }
        return;
    }
    if (submit->kind->waits) {
        sync_wait(call, &submission, submit->job_id, &submit->key);
    } else {
        reply_accepted(call, submit, &submission);
        remember_answer(call->session, &submit->key, call->reply);
    }
}

static void submit_rows(struct call *call, const struct import_kind *kind)
{
    char *new_id = arena_alloc(call->arena, ID_JOB_SIZE);
    struct submit submit = {.kind = kind, .job_id = new_id};
    struct request_fault fault;

    id_new_job(kind->job_prefix, call->now_ms, new_id);
    if (!check_preconditions(call, kind, &fault) || !claim_key(call, &submit, &fault)) {
        reply_fault(call->reply, &fault);
        return;
    }
    log_set_context(&(struct log_context){submit.job_id, call->who.tenant, call->trace_id});
    switch (submit.claim.outcome) {
    case IDEMPOTENCY_OWNED:
    case IDEMPOTENCY_RESUMED:
        import_rows(call, &submit);
        break;
    case IDEMPOTENCY_DONE:
        replay_answer(call, &submit.claim);
        break;
    case IDEMPOTENCY_BUSY:
        reply_problem(call->reply, PROBLEM_idempotency_in_progress);
        web_reply_header(call->reply, "retry-after", "1");
        break;
    case IDEMPOTENCY_MISMATCH:
        reply_problem(call->reply, PROBLEM_idempotency_mismatch);
        break;
    }
    if (call->reply->status == 202) {
        web_reply_header(call->reply, "location",
                         arena_printf(call->arena, "%s/%s", kind->job_path, submit.job_id));
    }
}

#define JSON_BODY .media = "application/json", .is_media = request_is_json, .digest = intake_digest

void submit_customers(struct call *call)
{
    submit_rows(call, &(const struct import_kind){
                          .entity = &entity_customers,
                          .channel = "queue",
                          .topic = TOPIC_IMPORT_CUSTOMERS,
                          .job_prefix = "cust_import",
                          .job_path = "/api/b2b/customers/import/api",
                          .route = "POST /api/b2b/customers/import/api",
                          .shape = {.rows_key = "customers",
                                    .max_rows = (size_t)call->app->config->max_customers},
                          JSON_BODY,
                          .read = intake_read,
                          .answer = answer_queued_companies});
}

static struct import_kind products_kind(const struct call *call)
{
    return (struct import_kind){.entity = &entity_products,
                                .topic = TOPIC_IMPORT_PRODUCTS,
                                .job_path = "/api/b2b/pim/jobs",
                                .shape = {.rows_key = "products",
                                          .max_rows = (size_t)call->app->config->max_products,
                                          .needs_source = true},
                                JSON_BODY,
                                .read = intake_read,
                                .answer = answer_queued_products};
}

void submit_products(struct call *call)
{
    struct import_kind kind = products_kind(call);

    kind.channel = "queue";
    kind.job_prefix = "queue_import";
    kind.route = "POST /api/b2b/pim/import/queue";
    submit_rows(call, &kind);
}

void submit_products_and_wait(struct call *call)
{
    struct import_kind kind = products_kind(call);

    kind.channel = "api";
    kind.job_prefix = "api_import";
    kind.route = "POST /api/b2b/pim/import/api";
    kind.waits = true;
    submit_rows(call, &kind);
}

#define FORM_BODY                                                                                  \
    .media = "multipart/form-data", .is_media = web_multipart_is, .digest = intake_file_digest,    \
    .read = intake_read_file, .answer = answer_queued_file

void submit_products_file(struct call *call)
{
    submit_rows(call, &(const struct import_kind){.entity = &entity_products,
                                                  .channel = "file",
                                                  .job_prefix = "import",
                                                  .job_path = "/api/b2b/pim/jobs",
                                                  .route = "POST /api/b2b/pim/import",
                                                  .shape = {.needs_source = true},
                                                  FORM_BODY});
}

void submit_customers_file(struct call *call)
{
    submit_rows(call, &(const struct import_kind){.entity = &entity_customers,
                                                  .channel = "file",
                                                  .job_prefix = "cust_import",
                                                  .job_path = "/api/b2b/customers/import/api",
                                                  .route = "POST /api/b2b/customers/import",
                                                  FORM_BODY});
}

/* An Idempotency-Key belongs to one entity: the body does not say which. */
static void submit_entity(struct call *call, const struct entity *entity)
{
    const char *id = params_path(call, 0);

    submit_rows(call, &(const struct import_kind){
                          .entity = entity,
                          .entity_id = id,
                          .channel = "queue",
                          .topic = TOPIC_IMPORT_ENTITIES,
                          .job_prefix = arena_printf(call->arena, "%s_import", entity->singular),
                          .job_path = "/api/b2b/pim/jobs",
                          .route = arena_printf(call->arena, "%s %s %s", call->access.method,
                                                call->access.pattern, id),
                          JSON_BODY,
                          .read = intake_read_entity,
                          .answer = answer_queued_entity});
}

#define DEFINE_SUBMIT(name, singular)                                                              \
    void submit_##name(struct call *call)                                                          \
    {                                                                                              \
        submit_entity(call, &entity_##name);                                                       \
    }
CATALOG(DEFINE_SUBMIT)
