#include "crash_points.h"

#include "bus/bus.h"

CRASH_POINTS(bool, bus_group_add,
             (struct bus_group * group, const struct bus_out *message, int64_t timeout_ms,
              struct err *err),
             (group, message, timeout_ms, err))

CRASH_POINTS(bool, bus_group_wait, (struct bus_group * group, int64_t timeout_ms, struct err *err),
             (group, timeout_ms, err))

CRASH_POINTS(bool, bus_publish,
             (struct bus_producer * producer, const struct bus_out *messages, size_t count,
              int64_t timeout_ms, struct err *err),
             (producer, messages, count, timeout_ms, err))

CRASH_POINTS_VOID(bus_run_store, (struct bus_consumer * consumer, const struct bus_run *run),
                  (consumer, run))

CRASH_POINTS_VOID(bus_run_commit, (struct bus_consumer * consumer, const struct bus_run *run),
                  (consumer, run))
