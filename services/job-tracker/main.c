#include "track.h"

#include "bus/bus.h"
#include "config/config.h"
#include "log/log.h"
#include "message/topics.h"
#include "runtime/runtime.h"
#include "store/store.h"

/* A run is only a way to fetch, but for rows that became searchable: those of a job are folded
 * together. */
enum { RUN_MESSAGES = 500, RUN_BYTES = 1 << 20, SWEEP_MS = 10000 };

static bool open_servers(const struct config *config, struct tracker *tracker, struct err *err)
{
    tracker->publish_timeout_ms = config->publish_timeout_ms;
    tracker->accept_timeout_ms = config->accept_timeout_ms;
    return store_open(config, &tracker->store, err) &&
           bus_producer_open(config, &tracker->producer, err);
}

static bool consume(struct runtime *runtime, const struct config *config, struct tracker *tracker,
                    struct err *err)
{
    static const char *const topics[] = {TOPIC_PROGRESS, TOPIC_IMPORT_PRODUCTS TOPIC_DLQ_SUFFIX,
                                         TOPIC_IMPORT_CUSTOMERS TOPIC_DLQ_SUFFIX,
                                         TOPIC_IMPORT_ENTITIES TOPIC_DLQ_SUFFIX,
                                         TOPIC_IMPORT_FILES TOPIC_DLQ_SUFFIX};
    const struct consume_options options = {
        .group = GROUP_JOB_TRACKER,
        .topics = topics,
        .topic_count = sizeof(topics) / sizeof(topics[0]),
        .limits = {.messages = RUN_MESSAGES, .weight = SIZE_MAX, .bytes = RUN_BYTES},
        .handle = track_handle,
        .tick = track_tick,
        .tick_ms = SWEEP_MS,
        .ctx = tracker,
        .store = tracker->store,
    };

    return runtime_consume(runtime, config, tracker->producer, &options, err);
}

int main(void)
{
    struct config config;
    struct runtime *runtime = NULL;
    struct tracker tracker = {0};
    struct err err;

    bool ok = config_load(&config, &err) &&
              runtime_open(&config, GROUP_JOB_TRACKER, &runtime, &err) &&
              open_servers(&config, &tracker, &err) && consume(runtime, &config, &tracker, &err);

    if (!ok) {
        log_error("%s", err.msg);
    }
    bus_producer_close(tracker.producer, runtime_drain_left_ms(runtime));
    store_close(tracker.store);
    runtime_close(runtime);
    config_done(&config);
    return ok ? 0 : 1;
}
