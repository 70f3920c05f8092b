#include "support/test.h"

#include "base/buf.h"
#include "runtime/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void assert_printed(const char *line)
{
    AUTO(buf) struct buf out = {0};

    metrics_print(&out);
    if (!strstr(out.data, line)) {
        fail_msg("\"%s\" is missing in:\n%s", line, out.data);
    }
}

static size_t count_printed(const char *text)
{
    AUTO(buf) struct buf out = {0};
    size_t count = 0;

    metrics_print(&out);
    for (const char *p = out.data; (p = strstr(p, text)); p++) {
        count++;
    }
    return count;
}

static void a_counter_adds_up(void **state)
{
    static struct metric metric = {.name = "t_rows_total", .help = "Rows", .type = METRIC_COUNTER};

    (void)state;
    metric_add(&metric, 3);
    metric_add(&metric, 4);
    assert_printed("# HELP t_rows_total Rows\n# TYPE t_rows_total counter\nt_rows_total 7\n");
}

static void a_gauge_shows_its_last_value(void **state)
{
    static struct metric metric = {.name = "t_open", .help = "Open", .type = METRIC_GAUGE};

    (void)state;
    metric_set(&metric, 9);
    metric_set(&metric, 2);
    metric_add(&metric, -5);
    assert_printed("# TYPE t_open gauge\nt_open -3\n");
}

static void metrics_of_one_name_stand_together_under_one_heading(void **state)
{
    static struct metric failed = {.name = "t_results_total",
                                   .help = "Results",
                                   .type = METRIC_COUNTER,
                                   .labels = "result=\"failed\""};
    static struct metric between = {
        .name = "t_results_between", .help = "Other", .type = METRIC_GAUGE};
    static struct metric done = {.name = "t_results_total",
                                 .help = "Results",
                                 .type = METRIC_COUNTER,
                                 .labels = "result=\"done\""};

    (void)state;
    metric_add(&failed, 1);
    metric_set(&between, 1);
    metric_add(&done, 2);
    assert_printed("# TYPE t_results_total counter\nt_results_total{result=\"done\"} 2\n"
                   "t_results_total{result=\"failed\"} 1\n");
    assert_int_equal(count_printed("# HELP t_results_total "), 1);
}

static void a_histogram_counts_each_value_in_all_buckets_that_hold_it(void **state)
{
    static struct metric metric = {
        .name = "t_run_seconds", .help = "Time", .type = METRIC_HISTOGRAM};

    (void)state;
    metric_observe_ms(&metric, 0);
    metric_observe_ms(&metric, 1);
    metric_observe_ms(&metric, 2);
    metric_observe_ms(&metric, 700);
    metric_observe_ms(&metric, 3600000);
    assert_printed("# TYPE t_run_seconds histogram\nt_run_seconds_bucket{le=\"0.001\"} 2\n"
                   "t_run_seconds_bucket{le=\"0.002\"} 3\n");
    assert_printed("t_run_seconds_bucket{le=\"0.5\"} 3\nt_run_seconds_bucket{le=\"1\"} 4\n");
    assert_printed("t_run_seconds_bucket{le=\"60\"} 4\nt_run_seconds_bucket{le=\"+Inf\"} 5\n"
                   "t_run_seconds_sum 3600.703\nt_run_seconds_count 5\n");
}

static void a_histogram_keeps_its_labels_on_every_line(void **state)
{
    static struct metric metric = {.name = "t_call_seconds",
                                   .help = "Time",
                                   .type = METRIC_HISTOGRAM,
                                   .labels = "call=\"find\""};

    (void)state;
    metric_observe_ms(&metric, 20);
    assert_printed("t_call_seconds_bucket{call=\"find\",le=\"0.025\"} 1\n");
    assert_printed("t_call_seconds_sum{call=\"find\"} 0.020\n"
                   "t_call_seconds_count{call=\"find\"} 1\n");
}

enum { THREADS = 4, ADDS = 20000 };

static struct metric shared[] = {
    {.name = "t_shared_a_total", .help = "A", .type = METRIC_COUNTER},
    {.name = "t_shared_b_total", .help = "B", .type = METRIC_COUNTER},
};

static void *add_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < ADDS; i++) {
        metric_add(&shared[i % 2], 1);
    }
    return NULL;
}

static void many_threads_lose_no_count_and_register_once(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_printed("t_shared_a_total 40000\n");
    assert_printed("t_shared_b_total 40000\n");
    assert_int_equal(count_printed("\nt_shared_a_total "), 1);
}

static double printed_value(const char *name)
{
    AUTO(buf) struct buf out = {0};
    char start[80];

    metrics_print(&out);
    snprintf(start, sizeof(start), "\n%s ", name);
    const char *line = strstr(out.data, start);

    assert_non_null(line);
    return strtod(line + strlen(start), NULL);
}

static void the_process_tells_its_cpu_memory_and_open_files(void **state)
{
    (void)state;
    assert_true(printed_value("process_cpu_seconds_total") > 0);
    assert_true(printed_value("process_resident_memory_bytes") > 1000000);
    double before = printed_value("process_open_fds");
    FILE *file = fopen("/dev/null", "re");

    assert_non_null(file);
    assert_true(printed_value("process_open_fds") == before + 1);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_adds_up),
        cmocka_unit_test(a_gauge_shows_its_last_value),
        cmocka_unit_test(metrics_of_one_name_stand_together_under_one_heading),
        cmocka_unit_test(a_histogram_counts_each_value_in_all_buckets_that_hold_it),
        cmocka_unit_test(a_histogram_keeps_its_labels_on_every_line),
        cmocka_unit_test(many_threads_lose_no_count_and_register_once),
        cmocka_unit_test(the_process_tells_its_cpu_memory_and_open_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
