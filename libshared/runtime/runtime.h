#pragma once

#include "base/err.h"
#include "bus/bus.h"

#include <stdint.h>

/* What every Consign program does alike: signals, health and metrics page, the consumer loop. */

struct config;
struct dead_letter;
struct runtime;
struct store;

/*
 * Opens the log, blocks SIGTERM/SIGINT for all threads and waits for them in one of its own,
 * ignores SIGPIPE, and serves /healthz, /readyz, /metrics on the metrics port. Call first, from
 * main, before other threads exist. ERR_UNAVAILABLE when the port is taken.
 */
bool runtime_open(const struct config *config, const char *program, struct runtime **out,
                  struct err *err) MUST_USE;
void runtime_close(struct runtime *runtime); /* NULL is allowed */

/* The port that health and metrics are served on; tells which one was free when 0 was configured.
 */
int runtime_port(const struct runtime *runtime);

/* True once SIGTERM or SIGINT came: finish what is in hand and leave. */
bool runtime_should_stop(const struct runtime *runtime);

/* What is left of CONSIGN_DRAIN_TIMEOUT_MS, which begins with the signal, in milliseconds; 0 when
 * it is over. All of it while there was no signal; 0 for NULL. */
int64_t runtime_drain_left_ms(const struct runtime *runtime);

/* Waits until the signal comes. For programs whose work happens in other threads. */
void runtime_wait_for_stop(struct runtime *runtime);

/* /readyz answers 200 only while ready, and never after the stop signal. Starts as not ready. */
void runtime_set_ready(struct runtime *runtime, bool ready);

/* ---- consumer loop ---- */

/*
 * Does the whole effect of a run, so that doing it again changes nothing. Kinds:
 * ERR_CONFLICT or ERR_UNAVAILABLE: the loop backs off (full jitter, without limit) and calls again
 * with the same run. ERR_INVALID: some message of the run can never work; the loop then calls
 * message by message and sends the one that still answers ERR_INVALID to `<topic>.dlq`.
 * ERR_INTERNAL: the program stops with exit status 1.
 */
struct consume_options {
    const char *group;
    const char *const *topics;
    size_t topic_count;
    struct bus_run_limits limits;
    bool (*handle)(void *ctx, const struct bus_run *run, struct err *err);
    void *ctx;
    /* Where it is noted what crashed the process (ADR 0011): a message that did so five times goes
     * to the DLQ as well. NULL: that is not found out. */
    struct store *store;
    /* Called before a message goes to its DLQ, so that the service can say so on the job; may be
     * NULL. A failure is repeated as that of `handle`, so it must be safe to do again. */
    bool (*give_up)(void *ctx, const struct dead_letter *letter, struct err *err);
    /* Called between runs, about every `tick_ms`; may be NULL. */
    void (*tick)(void *ctx);
    int64_t tick_ms;
};

/* Consumes until the stop signal. Offsets are stored only after `handle` returned true (or the DLQ
 * acknowledged). `producer` is used for dead letters. Returns false with ERR_INTERNAL when the
 * service cannot go on. */
bool runtime_consume(struct runtime *runtime, const struct config *config,
                     struct bus_producer *producer, const struct consume_options *options,
                     struct err *err) MUST_USE;

/* The full-jitter delay before the try that follows `attempt` (0, 1, 2 ...), within the configured
 * bounds. For a handler that tries again inside a run. */
int64_t runtime_backoff_ms(const struct config *config, unsigned attempt);
