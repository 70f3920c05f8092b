#include "lag.h"

#include "ingress.h"

#include "base/clock.h"
#include "bus/bus.h"
#include "log/log.h"
#include "message/topics.h"

#include <stdatomic.h>

enum { FRESH_MS = 1000, ASK_MS = 500 };

static bool is_fresh(const struct lag *lag)
{
    return lag->asked_at_ms && clock_monotonic_ms() - lag->asked_at_ms < FRESH_MS;
}

static int64_t ask(const struct config *config)
{
    struct err err;
    int64_t messages;

    if (!bus_group_lag(config, GROUP_PRODUCT_IMPORTER, TOPIC_IMPORT_PRODUCTS, ASK_MS, &messages,
                       &err)) {
        log_warn("the lag of the product importers: %s", err.msg);
        return -1;
    }
    return messages;
}

int64_t lag_of_products(struct ingress *app)
{
    struct lag *lag = &app->lag;

    if (!bus_producer_is_up(app->producer)) {
        return -1;
    }
    if (!is_fresh(lag) && !atomic_exchange(&lag->is_asking, true)) {
        lag->messages = ask(app->config);
        lag->asked_at_ms = clock_monotonic_ms();
        lag->is_asking = false;
    }
    return lag->asked_at_ms ? lag->messages : -1;
}
