#include "sync.h"

#include "bus/bus.h"
#include "config/config.h"
#include "log/log.h"
#include "message/topics.h"
#include "runtime/runtime.h"
#include "search/search.h"
#include "store/store.h"

static bool open_servers(const struct config *config, struct sync *sync, struct err *err)
{
    sync->publish_timeout_ms = config->publish_timeout_ms;
    return store_open(config, &sync->store, err) && search_open(config, &sync->search, err) &&
           bus_producer_open(config, &sync->producer, err);
}

static bool consume(struct runtime *runtime, const struct config *config, struct sync *sync,
                    struct err *err)
{
    static const char *const topics[] = {TOPIC_SEARCH};
    const struct consume_options options = {
        .group = GROUP_SEARCH_SYNC,
        .topics = topics,
        .topic_count = 1,
        .limits = {.messages = (size_t)config->search_run_items,
                   .weight = (size_t)config->search_run_items,
                   .quiet_ms = config->search_quiet_ms,
                   .linger_ms = config->search_linger_ms,
                   .bytes = (size_t)config->run_bytes},
        .handle = sync_handle,
        .give_up = sync_give_up,
        .store = sync->store,
        .ctx = sync,
    };

    return runtime_consume(runtime, config, sync->producer, &options, err);
}

int main(void)
{
    struct config config;
    struct runtime *runtime = NULL;
    struct sync sync = {0};
    struct err err;

    bool ok = config_load(&config, &err) &&
              runtime_open(&config, GROUP_SEARCH_SYNC, &runtime, &err) &&
              open_servers(&config, &sync, &err) && consume(runtime, &config, &sync, &err);

    if (!ok) {
        log_error("%s", err.msg);
    }
    bus_producer_close(sync.producer, runtime_drain_left_ms(runtime));
    search_close(sync.search);
    store_close(sync.store);
    runtime_close(runtime);
    config_done(&config);
    return ok ? 0 : 1;
}
