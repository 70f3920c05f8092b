#include "support/kafka.h"
#include "support/test.h"

#include "base/buf.h"
#include "runtime/metrics.h"
#include "runtime/runtime.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
    struct config config;
    struct runtime *runtime;
    int ready_while_handling;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err;

    kafka_config(&f->config);
    f->config.metrics_port = 0;
    mem_free(f->config.log_level);
    f->config.log_level = mem_strdup("error");
    assert_ok(runtime_open(&f->config, "test", &f->runtime, &err), &err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    runtime_close(f->runtime);
    config_done(&f->config);
    mem_free(f);
    return 0;
}

/* The whole answer to GET, head and body. */
static void get(const struct fixture *f, const char *path, struct buf *answer)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)runtime_port(f->runtime)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char piece[4096];
    ssize_t n;

    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    n = snprintf(piece, sizeof(piece),
                 "GET %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", path);
    assert_int_equal(send(fd, piece, (size_t)n, MSG_NOSIGNAL), n);
    while ((n = recv(fd, piece, sizeof(piece), 0)) > 0) {
        buf_add(answer, piece, (size_t)n);
    }
    close(fd);
}

static int status_of(const struct fixture *f, const char *path)
{
    AUTO(buf) struct buf answer = {0};

    get(f, path, &answer);
    assert_true(answer.len > 12);
    return (int)strtol(answer.data + strlen("HTTP/1.1 "), NULL, 10);
}

static void the_program_is_healthy_from_the_start(void **state)
{
    struct fixture *f = *state;
    AUTO(buf) struct buf answer = {0};

    get(f, "/healthz", &answer);
    assert_memory_equal(answer.data, "HTTP/1.1 200", 12);
    assert_non_null(strstr(answer.data, "\r\n\r\n{\"status\":\"ok\"}"));
}

static void the_program_is_ready_only_when_it_says_so(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(status_of(f, "/readyz"), 503);
    runtime_set_ready(f->runtime, true);
    assert_int_equal(status_of(f, "/readyz"), 200);
    runtime_set_ready(f->runtime, false);
    assert_int_equal(status_of(f, "/readyz"), 503);
}

static void the_metrics_page_is_prometheus_text(void **state)
{
    static struct metric metric = {.name = "t_page_total", .help = "Page", .type = METRIC_COUNTER};
    struct fixture *f = *state;
    AUTO(buf) struct buf answer = {0};

    metric_add(&metric, 5);
    get(f, "/metrics", &answer);
    assert_memory_equal(answer.data, "HTTP/1.1 200", 12);
    assert_non_null(strstr(answer.data, "text/plain; version=0.0.4"));
    assert_non_null(strstr(answer.data, "\nt_page_total 5\n"));
}

static void another_path_is_not_found(void **state)
{
    assert_int_equal(status_of(*state, "/secrets"), 404);
}

static void a_signal_ends_the_wait_and_readiness_but_not_health(void **state)
{
    struct fixture *f = *state;

    runtime_set_ready(f->runtime, true);
    assert_false(runtime_should_stop(f->runtime));
    kill(getpid(), SIGTERM);
    runtime_wait_for_stop(f->runtime);
    assert_true(runtime_should_stop(f->runtime));
    runtime_set_ready(f->runtime, true);
    assert_int_equal(status_of(f, "/readyz"), 503);
    assert_int_equal(status_of(f, "/healthz"), 200);
}

static void an_interrupt_from_the_keyboard_stops_as_well(void **state)
{
    struct fixture *f = *state;

    kill(getpid(), SIGINT);
    runtime_wait_for_stop(f->runtime);
    assert_true(runtime_should_stop(f->runtime));
}

static void a_port_that_is_taken_is_unavailable(void **state)
{
    struct fixture *f = *state;
    struct config second = f->config;
    struct runtime *runtime;
    struct err err = {0};

    second.metrics_port = runtime_port(f->runtime);
    assert_false(runtime_open(&second, "test", &runtime, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void an_unknown_log_level_is_refused(void **state)
{
    struct fixture *f = *state;
    struct config second = f->config;
    char level[] = "loud";
    struct runtime *runtime;
    struct err err = {0};

    second.log_level = level;
    assert_false(runtime_open(&second, "test", &runtime, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static bool note_readiness_and_stop(void *ctx, const struct bus_run *run, struct err *err)
{
    struct fixture *f = ctx;

    (void)run;
    (void)err;
    f->ready_while_handling = status_of(f, "/readyz");
    kill(getpid(), SIGTERM);
    runtime_wait_for_stop(f->runtime);
    return true;
}

static void a_consumer_is_ready_while_it_has_its_share_of_the_group(void **state)
{
    struct fixture *f = *state;
    const char *topic = "ready";
    const struct consume_options options = {
        .group = "g",
        .topics = &topic,
        .topic_count = 1,
        .limits = {.messages = 10, .weight = 10, .bytes = 1000},
        .handle = note_readiness_and_stop,
        .ctx = f,
    };
    struct bus_producer *producer;
    AUTO(buf) struct buf page = {0};
    struct err err;

    kafka_make_topic(&f->config, topic, 1);
    assert_ok(bus_producer_open(&f->config, &producer, &err), &err);
    kafka_publish_numbers(producer, topic, "k", 1);
    assert_int_equal(status_of(f, "/readyz"), 503);
    assert_ok(runtime_consume(f->runtime, &f->config, producer, &options, &err), &err);
    assert_int_equal(f->ready_while_handling, 200);
    assert_int_equal(status_of(f, "/readyz"), 503);
    get(f, "/metrics", &page);
    assert_non_null(strstr(page.data, "\nconsign_messages_consumed_total 1\n"));
    assert_non_null(strstr(page.data, "\nconsign_runs_total 1\n"));
    assert_non_null(strstr(page.data, "\nconsign_run_seconds_count 1\n"));
    assert_non_null(strstr(page.data, "\nconsign_partitions_assigned 0\n"));
    bus_producer_close(producer, 1000);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(the_program_is_healthy_from_the_start),
        CLAIM(the_program_is_ready_only_when_it_says_so),
        CLAIM(the_metrics_page_is_prometheus_text),
        CLAIM(another_path_is_not_found),
        CLAIM(a_signal_ends_the_wait_and_readiness_but_not_health),
        CLAIM(an_interrupt_from_the_keyboard_stops_as_well),
        CLAIM(a_port_that_is_taken_is_unavailable),
        CLAIM(an_unknown_log_level_is_refused),
        CLAIM(a_consumer_is_ready_while_it_has_its_share_of_the_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
