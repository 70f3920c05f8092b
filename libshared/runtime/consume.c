#include "runtime/runtime.h"

#include "base/clock.h"
#include "config/config.h"
#include "log/log.h"
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
static struct metric dead_letters = {.name = "consign_dead_letters_total",
                                     .help = "Messages sent to a dead-letter topic",
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

static bool attempt_dead_letter(struct loop *loop, const struct task *task, struct err *err)
{
    int64_t timeout_ms = loop->config->publish_timeout_ms;

    if (dead_letter_publish(loop->producer, task->letter, timeout_ms, err)) {
        return true;
    }
    if (err->kind == ERR_INVALID) {
        err->kind =
            ERR_UNAVAILABLE; /* there is nowhere further to send it: someone must mend the topic */
    }
    return err_context(err, "dead letter");
}

/* ---- one run ---- */

static void store(struct loop *loop, const struct bus_run *run)
{
    bus_run_store(loop->consumer, run);
    metric_add(&messages_consumed, (int64_t)run->count);
}

/* `run` is the one message that died of *err after so many attempts. */
static enum outcome bury(struct loop *loop, const struct bus_run *run, unsigned attempts,
                         struct err *err)
{
    const struct err why = *err;
    struct dead_letter letter = {&run->messages[0], &why, attempts};
    struct task task = {.attempt = attempt_dead_letter, .run = run, .letter = &letter};
    enum outcome outcome = insist(loop, &task, err);

    if (outcome == DONE) {
        metric_add(&dead_letters, 1);
        log_dead_letter(run, &letter);
        if (loop->options->on_dead_letter) {
            loop->options->on_dead_letter(loop->options->ctx, letter.message, letter.why);
        }
        store(loop, run);
    }
    return outcome;
}

static enum outcome work(struct loop *loop, const struct bus_run *run, struct err *err);

/* One message of the run is poison; the others must not share its fate. */
static enum outcome work_one_by_one(struct loop *loop, const struct bus_run *run, struct err *err)
{
    enum outcome outcome = DONE;

    for (size_t i = 0; i < run->count && outcome == DONE; i++) {
        const struct bus_run single = {&run->messages[i], 1, run->owner};

        outcome = runtime_should_stop(loop->runtime) ? ABANDONED : work(loop, &single, err);
    }
    return outcome;
}

static enum outcome work(struct loop *loop, const struct bus_run *run, struct err *err)
{
    struct task task = {.attempt = attempt_run, .run = run};
    enum outcome outcome = insist(loop, &task, err);

    if (outcome == POISON) {
        return run->count == 1 ? bury(loop, run, task.attempts, err)
                               : work_one_by_one(loop, run, err);
    }
    if (outcome == DONE) {
        metric_add(&runs, 1);
        store(loop, run);
    }
    return outcome;
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
    struct loop loop = {
        .runtime = runtime, .config = config, .producer = producer, .options = options};
    bool ok = bus_consumer_open(config, options->group, options->topics, options->topic_count,
                                &loop.consumer, err);

    while (ok && !runtime_should_stop(runtime)) {
        tick(&loop);
        ok = step(&loop, err);
    }
    runtime_set_ready(runtime, false);
    metric_set(&partitions_assigned, 0);
    bus_consumer_close(loop.consumer);
    return ok;
}
