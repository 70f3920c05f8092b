#pragma once

#include "base/buf.h"

#include <stdint.h>

/*
 * Prometheus metrics of this process. A metric is a static variable named once, at file scope, in
 * the file that counts:
 *
 *     static struct metric rows = {.name = "consign_rows_applied_total", .help = "Rows applied",
 * .type = METRIC_COUNTER}; metric_add(&rows, 250);
 *
 * It registers itself when first touched. All calls are lock-free or take one short lock; safe from
 * any thread. A histogram has the fixed buckets 1 ms .. 60 s and takes milliseconds; it is printed
 * in seconds.
 */
enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_BUCKETS = 14 };

struct metric {
    const char *name;
    const char *help;
    enum metric_type type;
    const char *labels; /* constant label pairs such as "result=\"failed\"", or NULL */
    _Atomic int64_t value;
    _Atomic int64_t buckets[METRIC_BUCKETS + 1];
    _Atomic int64_t sum;
    _Atomic int registered;
    struct metric *next;
};

void metric_add(struct metric *metric, int64_t n);         /* counters and gauges */
void metric_set(struct metric *metric, int64_t value);     /* gauges */
void metric_observe_ms(struct metric *metric, int64_t ms); /* histograms */

/* Appends all registered metrics, and process CPU seconds, resident bytes and open files, as
 * Prometheus text. */
void metrics_print(struct buf *out);
