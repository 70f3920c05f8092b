#include "command.h"

#include "base/clock.h"
#include "bus/bus.h"
#include "config/config.h"
#include "search/search.h"
#include "store/store.h"

#include <time.h>

enum { PAUSE_MS = 250, TIMEOUT_MAX_S = 3600 };

struct servers {
    struct bus_producer *producer;
    struct store *store;
    struct search *search;
};

static bool ping_all(const struct servers *servers, struct err *err)
{
    if (!bus_producer_is_up(servers->producer)) {
        return err_set(err, ERR_UNAVAILABLE, "Kafka does not answer");
    }
    return store_ping(servers->store, err) && search_ping(servers->search, err);
}

static bool ping_until(const struct servers *servers, int64_t deadline_ms, struct err *err)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

    while (!ping_all(servers, err)) {
        if (clock_monotonic_ms() >= deadline_ms) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

enum status run_ping(const struct config *config, const struct command *command, int argc,
                     char **argv)
{
    const char *timeout = "30";
    const struct option_spec specs[] = {{.name = "timeout", .text = &timeout}, {0}};
    struct servers servers = {0};
    int64_t timeout_s;
    struct err err;

    if (!command_read_options(command, argc, argv, specs, NULL)) {
        return STATUS_USAGE;
    }
    if (!command_read_number(timeout, 0, TIMEOUT_MAX_S, &timeout_s)) {
        return command_misused(command, "--timeout takes 0 to %d seconds", TIMEOUT_MAX_S);
    }
    bool ok = bus_producer_open(config, &servers.producer, &err) &&
              store_open(config, &servers.store, &err) &&
              search_open(config, &servers.search, &err) &&
              ping_until(&servers, clock_monotonic_ms() + timeout_s * 1000, &err);

    bus_producer_close(servers.producer, 0);
    store_close(servers.store);
    search_close(servers.search);
    return ok ? STATUS_OK : command_failed(command, &err);
}
