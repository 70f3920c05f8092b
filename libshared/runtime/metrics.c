#include "runtime/metrics.h"

#include "base/mem.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Upper bounds of the buckets, in ms; the last bucket of a metric has none. */
static const int64_t bounds_ms[METRIC_BUCKETS] = {1,   2,   5,    10,   25,   50,    100,
                                                  250, 500, 1000, 2500, 5000, 15000, 60000};

/* A list to which metrics are only ever added: they live as long as the process. */
static struct metric *_Atomic all_metrics;

static void register_once(struct metric *metric)
{
    if (atomic_exchange(&metric->registered, 1)) {
        return;
    }
    metric->next = atomic_load(&all_metrics);
    while (!atomic_compare_exchange_weak(&all_metrics, &metric->next, metric)) {
    }
}

void metric_add(struct metric *metric, int64_t n)
{
    register_once(metric);
    atomic_fetch_add(&metric->value, n);
}

void metric_set(struct metric *metric, int64_t value)
{
    register_once(metric);
    atomic_store(&metric->value, value);
}

void metric_observe_ms(struct metric *metric, int64_t ms)
{
    size_t bucket = 0;

    while (bucket < METRIC_BUCKETS && ms > bounds_ms[bucket]) {
        bucket++;
    }
    register_once(metric);
    atomic_fetch_add(&metric->buckets[bucket], 1);
    atomic_fetch_add(&metric->sum, ms);
}

/* ---- text ---- */

static const char *type_name(enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return "counter";
    case METRIC_GAUGE:
        return "gauge";
    case METRIC_HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

static void print_heading(struct buf *out, const char *name, const char *help,
                          enum metric_type type)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type_name(type));
}

static void print_value(struct buf *out, struct metric *metric)
{
    buf_adds(out, metric->name);
    if (metric->labels) {
        buf_printf(out, "{%s}", metric->labels);
    }
    buf_printf(out, " %lld\n", (long long)atomic_load(&metric->value));
}

/* One line of a histogram; `bound` is NULL for the lines that have none. */
static void print_part(struct buf *out, const struct metric *metric, const char *suffix,
                       const char *bound)
{
    const char *labels = metric->labels ? metric->labels : "";

    buf_printf(out, "%s%s", metric->name, suffix);
    if (bound) {
        buf_printf(out, "{%s%sle=\"%s\"}", labels, *labels ? "," : "", bound);
    } else if (*labels) {
        buf_printf(out, "{%s}", labels);
    }
}

static void print_histogram(struct buf *out, struct metric *metric)
{
    long long count = 0;

    for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
        char bound[16] = "+Inf";

        if (i < METRIC_BUCKETS) {
            snprintf(bound, sizeof(bound), "%g", (double)bounds_ms[i] / 1000);
        }
        count += atomic_load(&metric->buckets[i]);
        print_part(out, metric, "_bucket", bound);
        buf_printf(out, " %lld\n", count);
    }
    print_part(out, metric, "_sum", NULL);
    buf_printf(out, " %.3f\n", (double)atomic_load(&metric->sum) / 1000);
    print_part(out, metric, "_count", NULL);
    buf_printf(out, " %lld\n", count);
}

static int by_name_and_labels(const void *a, const void *b)
{
    const struct metric *left = *(struct metric *const *)a;
    const struct metric *right = *(struct metric *const *)b;
    int order = strcmp(left->name, right->name);

    if (order == 0) {
        order = strcmp(left->labels ? left->labels : "", right->labels ? right->labels : "");
    }
    return order;
}

/* The format wants all lines of one name together, under one heading. */
static void print_registered(struct buf *out)
{
    struct metric *first = atomic_load(&all_metrics);
    size_t count = 0;

    for (const struct metric *metric = first; metric; metric = metric->next) {
        count++;
    }
    if (count == 0) {
        return;
    }
    struct metric **sorted = mem_calloc(count, sizeof(*sorted));
    size_t used = 0;

    for (struct metric *metric = first; metric; metric = metric->next) {
        sorted[used++] = metric;
    }
    qsort(sorted, count, sizeof(*sorted), by_name_and_labels);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(sorted[i]->name, sorted[i - 1]->name) != 0) {
            print_heading(out, sorted[i]->name, sorted[i]->help, sorted[i]->type);
        }
        if (sorted[i]->type == METRIC_HISTOGRAM) {
            print_histogram(out, sorted[i]);
        } else {
            print_value(out, sorted[i]);
        }
    }
    mem_free(sorted);
}

/* ---- the process ---- */

static double cpu_seconds(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static long long resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long long pages = 0;

    if (!file) {
        return 0;
    }
    if (fscanf(file, "%*d %lld", &pages) != 1) {
        pages = 0;
    }
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static long long open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long long count = 0;

    if (!folder) {
        return 0;
    }
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}

void metrics_print(struct buf *out)
{
    print_registered(out);
    print_heading(out, "process_cpu_seconds_total", "CPU time used, in seconds", METRIC_COUNTER);
    buf_printf(out, "process_cpu_seconds_total %.3f\n", cpu_seconds());
    print_heading(out, "process_resident_memory_bytes", "Memory in use, in bytes", METRIC_GAUGE);
    buf_printf(out, "process_resident_memory_bytes %lld\n", resident_bytes());
    print_heading(out, "process_open_fds", "Open files", METRIC_GAUGE);
    buf_printf(out, "process_open_fds %lld\n", open_files());
}
