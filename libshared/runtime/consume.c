#include "runtime/runtime.h"

#include "base/clock.h"
#include "config/config.h"
#include "log/log.h"
#include "runtime/crashes.h"
#include "runtime/dead_letter.h"
#include "runtime/metrics.h"

enum {
    TAKE_MS = 200,      /* the stop signal is seen at least this often */
    FAILING_MS = 30000, /* a run that fails for so long makes the program not ready */
    MAX_CONFLICT_LEVEL = 2,
};

static struct metric messages_consumed = {.name = "consign_messages_consumed_total",
                                          .help = "Messages whose work is done",
                                          .type = METRIC_COUNTER};
static struct metric runs = {.name = "consign_runs_total",
                             .help = "Runs of messages handled with success",
                             .type = METRIC_COUNTER};
static struct metric run_seconds = {.name = "consign_run_seconds",
                                    .help = "Time to handle one run, failed tries included",
                                    .type = METRIC_HISTOGRAM};
static struct metric retries = {.name = "consign_retries_total",
                                .help = "Tries that failed and were repeated",
                                .type = METRIC_COUNTER};
static struct metric partitions_assigned = {.name = "consign_partitions_assigned",
                                            .help = "Partitions this program consumes now",
                                            .type = METRIC_GAUGE};

struct loop {
    struct runtime *runtime;
    const struct config *config;
    struct bus_producer *producer;
    const struct consume_options *options;
    struct bus_consumer *consumer;
    struct crashes *crashes;
    int64_t failing_since_ms; /* 0 while tries succeed */
    int64_t next_tick_ms;
};

/* What became of a run. */
enum outcome {
    DONE,
    ABANDONED, /* it comes again: the program stops, or the partition was taken away */
    POISON,    /* some message of it can never work */
    BROKEN,    /* the program cannot go on */
};

/* Work that is tried until it is done. */
struct task {
    bool (*attempt)(struct loop *loop, const struct task *task, struct err *err);
    const struct bus_run *run;
    const struct dead_letter *letter; /* NULL, or what the run's one message becomes */
    unsigned attempts;
};

/* ---- what the outside sees ---- */

static void show_state(struct loop *loop)
{
    bool is_failing =
        loop->failing_since_ms && clock_monotonic_ms() - loop->failing_since_ms > FAILING_MS;

    metric_set(&partitions_assigned, (int64_t)bus_consumer_partitions(loop->consumer));
    runtime_set_ready(loop->runtime, bus_consumer_is_member(loop->consumer) && !is_failing);
}

/* Sets the log's context when the run is one message: a longer one may belong to several jobs. */
static void enter_context(const struct bus_run *run)
{
    struct log_context context = {0};

    if (run->count == 1) {
        context.job_id = bus_message_header(&run->messages[0], "job-id");
        context.tenant = bus_message_header(&run->messages[0], "tenant");
        context.trace_id = bus_message_header(&run->messages[0], "trace-id");
    }
    log_set_context(&context);
}

static void log_retry(const struct task *task, int64_t delay_ms, const struct err *why)
{
    const struct bus_message *first = &task->run->messages[0];

    enter_context(task->run);
    log_warn("%s/%d offset %lld, %zu messages: try %u failed, next in %lld ms: %s: %s",
             first->topic, first->partition, (long long)first->offset, task->run->count,
             task->attempts, (long long)delay_ms, err_kind_name(why->kind), why->msg);
    log_clear_context();
}

static void log_dead_letter(const struct bus_run *run, const struct dead_letter *letter)
{
    const struct bus_message *message = letter->message;

    enter_context(run);
    log_error("%s/%d offset %lld went to %s.dlq after try %u: %s", message->topic,
              message->partition, (long long)message->offset, message->topic, letter->attempts,
              letter->why->msg);
    log_clear_context();
}

/* ---- trying ---- */

/* Stays in the group for `wait_ms`, or until the run is lost or the program stops. */
static void idle(struct loop *loop, const struct bus_run *run, int64_t wait_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + wait_ms;

    for (int64_t left_ms = wait_ms;
         left_ms > 0 && !runtime_should_stop(loop->runtime) && bus_run_is_held(loop->consumer, run);
         left_ms = deadline_ms - clock_monotonic_ms()) {
        bus_consumer_idle(loop->consumer, (int)(left_ms < TAKE_MS ? left_ms : TAKE_MS));
        show_state(loop);
    }
}

/* A conflict ends when the other side commits, so waiting longer and longer for it would help
 * nobody. */
static unsigned backoff_level(unsigned attempts, const struct err *err)
{
    unsigned level = attempts - 1;

    return err->kind == ERR_CONFLICT && level > MAX_CONFLICT_LEVEL ? MAX_CONFLICT_LEVEL : level;
}

/* Repeats with back-off, without limit, what fails for a reason that passes. */
static enum outcome insist(struct loop *loop, struct task *task, struct err *err)
{
    for (;;) {
        bool ok = task->attempt(loop, task, err);

        task->attempts++;
        if (ok || err->kind == ERR_INVALID) {
            loop->failing_since_ms = 0;
            return ok ? DONE : POISON;
        }
        if (err->kind == ERR_INTERNAL) {
            return BROKEN;
        }
        if (!loop->failing_since_ms) {
            loop->failing_since_ms = clock_monotonic_ms();
        }
        int64_t delay_ms = runtime_backoff_ms(loop->config, backoff_level(task->attempts, err));

        metric_add(&retries, 1);
        log_retry(task, delay_ms, err);
        idle(loop, task->run, delay_ms);
        if (runtime_should_stop(loop->runtime) || !bus_run_is_held(loop->consumer, task->run)) {
            loop->failing_since_ms = 0;
            return ABANDONED;
        }
    }
}

static bool attempt_run(struct loop *loop, const struct task *task, struct err *err)
{
    int64_t started_ms = clock_monotonic_ms();
    bool ok = loop->options->handle(loop->options->ctx, task->run, err);

    metric_observe_ms(&run_seconds, clock_monotonic_ms() - started_ms);
    return ok;
}

static bool attempt_admission(struct loop *loop, const struct task *task, struct err *err)
{
    return crashes_admit(loop->crashes, task->run, err);
}

/* The message may be the one that crashes the process. A try that comes back counts for nothing. */
static bool attempt_suspect(struct loop *loop, const struct task *task, struct err *err)
{
    const struct bus_message *message = &task->run->messages[0];
    struct err uncounted;

    if (!crashes_begin(loop->crashes, message, err)) {
        return false;
    }
    if (attempt_run(loop, task, err)) {
        return true;
    }
    if (!crashes_end(loop->crashes, message, &uncounted)) {
        log_warn("a try that came back stays counted as a crash: %s", uncounted.msg);
    }
    return false;
}

/* There is nowhere further to send a dead letter: what cannot be told now must be mended by
 * someone. */
static bool not_yet(struct err *err)
{
    if (err->kind == ERR_INVALID) {
        err->kind = ERR_UNAVAILABLE;
    }
    return err_context(err, "dead letter");
}

static bool attempt_giving_up(struct loop *loop, const struct task *task, struct err *err)
{
    return !loop->options->give_up ||
           loop->options->give_up(loop->options->ctx, task->letter, err) || not_yet(err);
}

static bool attempt_dead_letter(struct loop *loop, const struct task *task, struct err *err)
{
    int64_t timeout_ms = loop->config->publish_timeout_ms;

    return dead_letter_publish(loop->producer, task->letter, timeout_ms, err) || not_yet(err);
}

/* ---- one run ---- */

/* What may have crashed the process is behind us for good before the next message is tried. */
static void store(struct loop *loop, const struct bus_run *run)
{
    if (crashes_suspects(loop->crashes, run)) {
        bus_run_commit(loop->consumer, run);
    } else {
        bus_run_store(loop->consumer, run);
    }
    metric_add(&messages_consumed, (int64_t)run->count);
}

static enum outcome bury(struct loop *loop, const struct bus_run *run,
                         const struct dead_letter *letter, struct err *err)
{
    struct task telling = {.attempt = attempt_giving_up, .run = run, .letter = letter};
    struct task sending = {.attempt = attempt_dead_letter, .run = run, .letter = letter};
    enum outcome outcome = insist(loop, &telling, err);

    outcome = outcome == DONE ? insist(loop, &sending, err) : outcome;
    if (outcome == DONE) {
        log_dead_letter(run, letter);
        store(loop, run);
    }
    return outcome;
}

/* `run` is the one message that died of *err after so many attempts. */
static enum outcome bury_invalid(struct loop *loop, const struct bus_run *run, unsigned attempts,
                                 struct err *err)
{
    const struct err why = *err;
    const struct dead_letter letter = {.message = &run->messages[0],
                                       .why = &why,
                                       .attempts = attempts,
                                       .group = loop->options->group};

    return bury(loop, run, &letter, err);
}

static enum outcome bury_crasher(struct loop *loop, const struct bus_run *run, struct err *err)
{
    unsigned attempts = crashes_count(loop->crashes, &run->messages[0]);
    struct err why;
    const struct dead_letter letter = {.message = &run->messages[0],
                                       .why = &why,
                                       .attempts = attempts,
                                       .is_crash = true,
                                       .group = loop->options->group};

    err_set(&why, ERR_INVALID, "%s ended %u times while it had this message alone in hand",
            loop->options->group, attempts);
    return bury(loop, run, &letter, err);
}

static enum outcome work(struct loop *loop, const struct bus_run *run, struct err *err);

/* Some message of the run is poison; the others must not share its fate. */
static enum outcome work_one_by_one(struct loop *loop, const struct bus_run *run, struct err *err)
{
    enum outcome outcome = DONE;

    for (size_t i = 0; i < run->count && outcome == DONE; i++) {
        const struct bus_run single = {&run->messages[i], 1, run->owner};

        outcome = runtime_should_stop(loop->runtime) ? ABANDONED : work(loop, &single, err);
    }
    return outcome;
}

static enum outcome work_task(struct loop *loop, struct task *task, struct err *err)
{
    const struct bus_run *run = task->run;
    enum outcome outcome = insist(loop, task, err);

    if (outcome == POISON) {
        return run->count == 1 ? bury_invalid(loop, run, task->attempts, err)
                               : work_one_by_one(loop, run, err);
    }
    if (outcome == DONE) {
        metric_add(&runs, 1);
        store(loop, run);
    }
    return outcome;
}

/* The longer a message is under suspicion, the longer is the pause before the next try: what kills
 * processes for another reason has time to end. */
static enum outcome work_suspect(struct loop *loop, const struct bus_run *run, struct err *err)
{
    struct task task = {.attempt = attempt_suspect, .run = run};
    unsigned crashed = crashes_count(loop->crashes, &run->messages[0]);

    if (crashed >= CRASHES_MAX) {
        return bury_crasher(loop, run, err);
    }
    if (crashed > 0) {
        log_warn("%s/%d offset %lld is tried alone: %u such tries did not come back",
                 run->messages[0].topic, run->messages[0].partition,
                 (long long)run->messages[0].offset, crashed);
        idle(loop, run, runtime_backoff_ms(loop->config, crashed - 1));
        if (runtime_should_stop(loop->runtime) || !bus_run_is_held(loop->consumer, run)) {
            return ABANDONED;
        }
    }
    return work_task(loop, &task, err);
}

static enum outcome work(struct loop *loop, const struct bus_run *run, struct err *err)
{
    struct task admission = {.attempt = attempt_admission, .run = run};
    struct task task = {.attempt = attempt_run, .run = run};
    enum outcome outcome = insist(loop, &admission, err);

    if (outcome != DONE) {
        return outcome;
    }
    if (crashes_suspects(loop->crashes, run)) {
        return run->count == 1 ? work_suspect(loop, run, err) : work_one_by_one(loop, run, err);
    }
    return work_task(loop, &task, err);
}

/* ---- the loop ---- */

static void tick(struct loop *loop)
{
    int64_t now_ms = clock_monotonic_ms();

    if (loop->options->tick && now_ms >= loop->next_tick_ms) {
        loop->next_tick_ms = now_ms + loop->options->tick_ms;
        loop->options->tick(loop->options->ctx);
    }
}

/* Takes and works one run; false when the program cannot go on. */
static bool step(struct loop *loop, struct err *err)
{
    AUTO(bus_run) struct bus_run run = {0};
    bool ok = bus_consumer_take(loop->consumer, &loop->options->limits, TAKE_MS, &run, err);

    show_state(loop);
    if (!ok && err->kind != ERR_INTERNAL) {
        log_warn("%s", err->msg);
        return true;
    }
    return ok && (run.count == 0 || work(loop, &run, err) != BROKEN);
}

bool runtime_consume(struct runtime *runtime, const struct config *config,
                     struct bus_producer *producer, const struct consume_options *options,
                     struct err *err)
{
    struct loop loop = {.runtime = runtime,
                        .config = config,
                        .producer = producer,
                        .options = options,
                        .crashes = crashes_open(options->store, options->group)};
    bool ok = bus_consumer_open(config, options->group, options->topics, options->topic_count,
                                &loop.consumer, err);

    for (size_t i = 0; i < options->topic_count; i++) {
        dead_letter_count(options->topics[i], 0);
    }
    while (ok && !runtime_should_stop(runtime)) {
        tick(&loop);
        ok = step(&loop, err);
    }
    runtime_set_ready(runtime, false);
    metric_set(&partitions_assigned, 0);
    bus_consumer_close(loop.consumer);
    crashes_close(loop.crashes);
    return ok;
}
