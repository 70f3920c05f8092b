#include "support/kafka.h"
#include "support/test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "message/topics.h"
#include "runtime/dead_letter.h"
#include "runtime/metrics.h"
#include "runtime/runtime.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The consumer loop against a real Kafka. A handler ends the loop the way an operator does: with
 * SIGTERM. */

enum { PATIENCE_MS = 30000 };

struct fixture {
    struct config config;
    struct runtime *runtime;
    struct bus_producer *producer;

    /* what the handler is to do */
    size_t failures;       /* calls that fail first */
    enum err_kind failure; /* with this */
    const char *poison;    /* a run with this value is invalid */
    size_t stop_after;     /* messages handled or dead, then SIGTERM */
    bool stop_when_failing;
    size_t deaf; /* times that nobody can be told of a death */

    long retries_before;

    /* what it saw */
    size_t calls;
    size_t settled;
    struct buf handled;     /* values of the runs that worked */
    struct buf first_tried; /* values of the first call's run */
    struct buf dead;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct err err;

    kafka_config(&f->config);
    f->config.metrics_port = 0;
    f->config.retry_min_ms = 5;
    f->config.retry_max_ms = 40;
    f->config.publish_timeout_ms = 1000;
    mem_free(f->config.log_level);
    f->config.log_level = mem_strdup("error");
    assert_ok(runtime_open(&f->config, "test", &f->runtime, &err), &err);
    assert_ok(bus_producer_open(&f->config, &f->producer, &err), &err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    bus_producer_close(f->producer, 1000);
    runtime_close(f->runtime);
    config_done(&f->config);
    buf_done(&f->handled);
    buf_done(&f->first_tried);
    buf_done(&f->dead);
    mem_free(f);
    return 0;
}

static void stop(struct fixture *f)
{
    kill(getpid(), SIGTERM);
    runtime_wait_for_stop(f->runtime);
}

static void settle(struct fixture *f, size_t count)
{
    f->settled += count;
    if (f->stop_after && f->settled >= f->stop_after) {
        stop(f);
    }
}

static bool has_poison(const struct fixture *f, const struct bus_run *run)
{
    for (size_t i = 0; f->poison && i < run->count; i++) {
        if (str_is(run->messages[i].value, f->poison)) {
            return true;
        }
    }
    return false;
}

static bool handle(void *ctx, const struct bus_run *run, struct err *err)
{
    struct fixture *f = ctx;
    AUTO(char) char *values = kafka_values(run);

    if (f->calls++ == 0) {
        buf_adds(&f->first_tried, values);
    }
    if (f->failures > 0) {
        f->failures--;
        if (f->stop_when_failing) {
            stop(f);
        }
        return err_set(err, f->failure, "not yet");
    }
    if (has_poison(f, run)) {
        return err_set(err, ERR_INVALID, "no good");
    }
    buf_adds(&f->handled, values);
    settle(f, run->count);
    return true;
}

static bool note_dead(void *ctx, const struct dead_letter *letter, struct err *err)
{
    struct fixture *f = ctx;

    if (f->deaf > 0) {
        f->deaf--;
        return err_set(err, ERR_UNAVAILABLE, "nobody listens");
    }
    buf_add(&f->dead, letter->message->value.p, letter->message->value.n);
    buf_printf(&f->dead, " %s ", letter->why->msg);
    settle(f, 1);
    return true;
}

static bool consume(struct fixture *f, const char *topic, struct err *err)
{
    const struct consume_options options = {
        .group = "g",
        .topics = &topic,
        .topic_count = 1,
        .limits = {.messages = 5, .weight = 100, .bytes = 10000},
        .handle = handle,
        .ctx = f,
        .give_up = note_dead,
    };

    return runtime_consume(f->runtime, &f->config, f->producer, &options, err);
}

static void make_topics(struct fixture *f, const char *topic, size_t messages)
{
    char dlq[64];

    snprintf(dlq, sizeof(dlq), "%s%s", topic, TOPIC_DLQ_SUFFIX);
    kafka_make_topic(&f->config, topic, 1);
    kafka_make_topic(&f->config, dlq, 1);
    kafka_publish_numbers(f->producer, topic, "k", messages);
}

static void assert_lag(const struct fixture *f, const char *topic, int64_t expected)
{
    int64_t lag;
    struct err err;

    assert_ok(bus_group_lag(&f->config, "g", topic, PATIENCE_MS, &lag, &err), &err);
    assert_int_equal(lag, expected);
}

static void messages_are_handled_in_order_and_then_done_for_good(void **state)
{
    struct fixture *f = *state;
    struct err err;

    make_topics(f, "plain", 12);
    f->stop_after = 12;
    assert_ok(consume(f, "plain", &err), &err);
    assert_string_equal(f->handled.data, "0 1 2 3 4 5 6 7 8 9 10 11 ");
    assert_lag(f, "plain", 0);
}

static void assert_retried(struct fixture *f, const char *topic, enum err_kind failure)
{
    struct err err;

    make_topics(f, topic, 3);
    f->failures = 4;
    f->failure = failure;
    f->stop_after = 3;
    assert_ok(consume(f, topic, &err), &err);
    assert_string_equal(f->handled.data, "0 1 2 ");
    assert_true(f->calls >= 5);
    assert_memory_equal(f->handled.data, f->first_tried.data, f->first_tried.len);
    assert_lag(f, topic, 0);
}

static void a_run_that_fails_for_a_while_is_tried_until_it_works(void **state)
{
    assert_retried(*state, "retry", ERR_UNAVAILABLE);
}

static void a_conflict_is_tried_again_as_well(void **state)
{
    assert_retried(*state, "conflict", ERR_CONFLICT);
}

static const char *header(const struct bus_message *message, const char *key)
{
    const char *value = bus_message_header(message, key);

    return value ? value : "(absent)";
}

static void take_dead_letter(struct fixture *f, const char *topic, struct bus_consumer **consumer,
                             struct bus_run *run)
{
    const struct bus_run_limits one = {.messages = 1, .weight = 1, .bytes = 1};
    struct err err;

    assert_ok(bus_consumer_open(&f->config, "morgue", &topic, 1, consumer, &err), &err);
    kafka_take(*consumer, &one, run);
}

static void publish_poison(struct fixture *f, const char *topic)
{
    const struct bus_out message = {
        .topic = topic,
        .key = "acme|0",
        .value = STR("bad"),
        .headers = {{"job-id", "prod_1"}, {"tenant", "acme"}, {"dlq-error", "an old one"}},
        .weight = 250,
    };
    struct err err;

    assert_ok(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err), &err);
}

static void a_poison_message_goes_alone_to_the_dead_letter_topic(void **state)
{
    struct fixture *f = *state;
    struct err err;

    make_topics(f, "poison", 2);
    publish_poison(f, "poison");
    kafka_publish_numbers(f->producer, "poison", "k", 3);
    f->poison = "bad";
    f->stop_after = 6;
    assert_ok(consume(f, "poison", &err), &err);
    assert_string_equal(f->handled.data, "0 1 0 1 2 ");
    assert_string_equal(f->dead.data, "bad no good ");
    assert_lag(f, "poison", 0);
}

static void no_letter_is_sent_before_the_service_could_say_so(void **state)
{
    struct fixture *f = *state;
    struct err err;

    make_topics(f, "told", 0);
    publish_poison(f, "told");
    f->poison = "bad";
    f->deaf = 3;
    f->stop_after = 1;
    assert_ok(consume(f, "told", &err), &err);
    assert_int_equal(f->deaf, 0);
    assert_string_equal(f->dead.data, "bad no good ");
    assert_lag(f, "told", 0);
}

static void a_dead_letter_keeps_bytes_key_and_headers_and_says_why(void **state)
{
    struct fixture *f = *state;
    struct bus_consumer *consumer;
    struct bus_run run;
    struct err err;

    make_topics(f, "letter", 2);
    publish_poison(f, "letter");
    f->poison = "bad";
    f->stop_after = 3;
    assert_ok(consume(f, "letter", &err), &err);
    take_dead_letter(f, "letter.dlq", &consumer, &run);
    const struct bus_message *letter = &run.messages[0];

    assert_true(str_is(letter->value, "bad"));
    assert_true(str_is(letter->key, "acme|0"));
    assert_int_equal(letter->weight, 250);
    assert_string_equal(header(letter, "job-id"), "prod_1");
    assert_string_equal(header(letter, "tenant"), "acme");
    assert_string_equal(header(letter, "dlq-topic"), "letter");
    assert_string_equal(header(letter, "dlq-partition"), "0");
    assert_string_equal(header(letter, "dlq-offset"), "2");
    assert_string_equal(header(letter, "dlq-error"), "no good");
    assert_string_equal(header(letter, "dlq-kind"), "invalid");
    assert_string_equal(header(letter, "dlq-attempts"), "1");
    assert_string_equal(header(letter, "dlq-group"), "g");
    assert_int_equal(strlen(header(letter, "dlq-time")), CLOCK_ISO_SIZE - 1);
    bus_run_free(&run);
    bus_consumer_close(consumer);
}

static void a_letter_that_nobody_can_read_stays_where_it_is(void **state)
{
    struct fixture *f = *state;
    struct err err;

    kafka_make_topic(&f->config, "read.dlq", 1);
    publish_poison(f, "read.dlq");
    kafka_publish_numbers(f->producer, "read.dlq", "k", 1);
    f->poison = "bad";
    f->stop_after = 2;
    assert_ok(consume(f, "read.dlq", &err), &err);
    assert_string_equal(f->dead.data, "bad no good ");
    assert_string_equal(f->handled.data, "0 ");
    assert_lag(f, "read.dlq", 0);
}

static long count_retries(void)
{
    static const char name[] = "\nconsign_retries_total ";
    AUTO(buf) struct buf page = {0};

    metrics_print(&page);
    const char *line = strstr(page.data, name);

    return line ? strtol(line + sizeof(name) - 1, NULL, 10) : 0;
}

/* The operator makes the missing topic once the loop has failed to publish to it. */
static void *make_dlq_after_a_retry(void *arg)
{
    struct fixture *f = arg;
    const struct timespec moment = {0, 5000000};
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;

    while (count_retries() <= f->retries_before && clock_monotonic_ms() < deadline_ms) {
        nanosleep(&moment, NULL);
    }
    kafka_make_topic(&f->config, "waiting.dlq", 1);
    return NULL;
}

static void a_poison_message_waits_for_its_dead_letter_topic(void **state)
{
    struct fixture *f = *state;
    pthread_t operator_thread;
    struct err err;

    kafka_make_topic(&f->config, "waiting", 1);
    publish_poison(f, "waiting");
    kafka_publish_numbers(f->producer, "waiting", "k", 1);
    f->poison = "bad";
    f->stop_after = 2;
    f->retries_before = count_retries();
    assert_int_equal(pthread_create(&operator_thread, NULL, make_dlq_after_a_retry, f), 0);
    assert_ok(consume(f, "waiting", &err), &err);
    pthread_join(operator_thread, NULL);
    assert_true(count_retries() > f->retries_before);
    assert_string_equal(f->dead.data, "bad no good ");
    assert_string_equal(f->handled.data, "0 ");
    assert_lag(f, "waiting", 0);
}

static void a_broken_set_up_ends_the_loop_and_stores_nothing(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};

    make_topics(f, "broken", 3);
    f->failures = 1;
    f->failure = ERR_INTERNAL;
    assert_false(consume(f, "broken", &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
    assert_string_equal(err.msg, "not yet");
    assert_lag(f, "broken", 3);
}

static void a_signal_lets_the_run_in_hand_finish_and_nothing_more(void **state)
{
    struct fixture *f = *state;
    struct err err;

    make_topics(f, "drain", 40);
    f->stop_after = 1;
    assert_ok(consume(f, "drain", &err), &err);
    assert_int_equal(f->calls, 1);
    assert_string_equal(f->handled.data, f->first_tried.data);
    assert_lag(f, "drain", 40 - (int64_t)f->settled);
}

static void a_signal_during_back_off_abandons_the_run_at_once(void **state)
{
    struct fixture *f = *state;
    struct err err;

    make_topics(f, "abandon", 3);
    f->config.retry_min_ms = 60000;
    f->config.retry_max_ms = 60000;
    f->failures = 1;
    f->failure = ERR_UNAVAILABLE;
    f->stop_when_failing = true;
    int64_t started_ms = clock_monotonic_ms();

    assert_ok(consume(f, "abandon", &err), &err);
    assert_in_range(clock_monotonic_ms() - started_ms, 0, 20000);
    assert_int_equal(f->calls, 1);
    assert_lag(f, "abandon", 3);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(messages_are_handled_in_order_and_then_done_for_good),
        CLAIM(a_run_that_fails_for_a_while_is_tried_until_it_works),
        CLAIM(a_conflict_is_tried_again_as_well),
        CLAIM(a_poison_message_goes_alone_to_the_dead_letter_topic),
        CLAIM(no_letter_is_sent_before_the_service_could_say_so),
        CLAIM(a_dead_letter_keeps_bytes_key_and_headers_and_says_why),
        CLAIM(a_letter_that_nobody_can_read_stays_where_it_is),
        CLAIM(a_poison_message_waits_for_its_dead_letter_topic),
        CLAIM(a_broken_set_up_ends_the_loop_and_stores_nothing),
        CLAIM(a_signal_lets_the_run_in_hand_finish_and_nothing_more),
        CLAIM(a_signal_during_back_off_abandons_the_run_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
