#include "sync.h"

#include "findings.h"
#include "remember.h"
#include "reply.h"
#include "waiter.h"

#include "base/clock.h"
#include "domain/answer.h"
#include "domain/document.h"
#include "log/log.h"
#include "store/jobs.h"

/* What is kept of a request that waits, in the memory of its deferred answer. */
struct sync {
    struct waiting waiting;
    struct web_later *later;
    struct access access;
    struct idempotency_key key; /* key.key is NULL without the header */
    const char *tenant;
    const char *trace_id;
    const char *location;
    struct str channel_metadata;
};

static struct sync *sync_of(struct waiting *waiting)
{
    return (struct sync *)((char *)waiting - offsetof(struct sync, waiting));
}

static void set_log_context(const struct sync *sync)
{
    log_set_context(&(struct log_context){sync->waiting.job_id, sync->tenant, sync->trace_id});
}

/* Ends the waiting: `sync` is gone afterwards. */
static void send(struct sync *sync, struct store_session *session)
{
    remember_answer(session, &sync->key, &sync->later->reply);
    access_note(&sync->access, &sync->later->reply);
    log_clear_context();
    web_later_send(sync->later);
}

static bool on_end(struct waiting *waiting, struct store_session *session, const bson_t *job,
                   struct err *err)
{
    struct sync *sync = sync_of(waiting);
    AUTO(bson) bson_t *findings = bson_new();

    if (!findings_append(session, job, "error", "errors", findings, err)) {
        return false;
    }
    AUTO(bson)
    bson_t *answer = answer_imported(
        &(struct answer_imported){.job = job,
                                  .findings = findings,
                                  .channel_metadata = sync->channel_metadata,
                                  .took_ms = clock_monotonic_ms() - sync->access.start_ms});

    set_log_context(sync);
    reply_document(&sync->later->reply, 200, answer);
    send(sync, session);
    return true;
}

static void on_timeout(struct waiting *waiting, struct store_session *session)
{
    struct sync *sync = sync_of(waiting);
    AUTO(bson) bson_t *job = NULL;
    struct err err;

    set_log_context(sync);
    if (!jobs_get(session, sync->tenant, waiting->job_id, &job, &err)) {
        log_warn("the state of a job that takes long: %s", err.msg);
    }
    AUTO(bson)
    bson_t *answer = answer_unfinished(waiting->job_id, job ? document_text(job, "status") : NULL);

    reply_document(&sync->later->reply, 202, answer);
    web_reply_header(&sync->later->reply, "location", sync->location);
    send(sync, session);
}

bool sync_open(struct store *store, struct waiter **out, struct err *err)
{
    return waiter_open(
        &(struct waiter_options){.store = store, .on_end = on_end, .on_timeout = on_timeout}, out,
        err);
}

static struct str copy(struct arena *arena, struct str bytes)
{
    return bytes.p ? (struct str){arena_memdup(arena, bytes.p, bytes.n), bytes.n} : bytes;
}

void sync_wait(struct call *call, const struct submission *submission, const char *job_id,
               const struct idempotency_key *key)
{
    struct web_later *later = web_defer(call->request);
    struct arena *arena = later->arena;
    struct sync *sync = arena_calloc(arena, 1, sizeof(*sync));

    sync->later = later;
    sync->access = call->access;
    sync->tenant = arena_strdup(arena, call->who.tenant);
    sync->trace_id = arena_strdup(arena, call->trace_id);
    sync->channel_metadata = copy(arena, submission->envelope.channel_metadata);
    sync->location = arena_printf(arena, "%s/%s", submission->kind->job_path, job_id);
    if (key->key) {
        sync->key = (struct idempotency_key){sync->tenant, arena_strdup(arena, key->key)};
    }
    sync->waiting.job_id = arena_strdup(arena, job_id);
    sync->waiting.deadline_ms = call->access.start_ms + call->app->config->sync_timeout_ms;
    call->is_deferred = true;
    waiter_add(call->app->waiter, &sync->waiting);
}
