#include "support/kafka.h"
#include "support/test.h"

#include "base/clock.h"
#include "bus/bus_internal.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>
#include <time.h>

/* Errors of a broker that cannot be had from a healthy one: librdkafka's built-in mock cluster
 * answers them. */

enum { PATIENCE_MS = 30000, PRODUCE_REQUEST = 0 };

static const struct bus_run_limits any = {.messages = 1000, .weight = 100000, .bytes = 8 << 20};

struct fixture {
    rd_kafka_t *host; /* the mock cluster lives in it */
    rd_kafka_mock_cluster_t *cluster;
    struct config config;
    struct bus_producer *producer;
};

static int set_up(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    char why[200];
    struct err err;

    f->host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    assert_non_null(f->host);
    f->cluster = rd_kafka_mock_cluster_new(f->host, 1);
    assert_non_null(f->cluster);
    kafka_config(&f->config);
    kafka_set_brokers(&f->config, rd_kafka_mock_cluster_bootstraps(f->cluster));
    mem_free(f->config.topic_prefix);
    f->config.topic_prefix = mem_strdup("");
    assert_int_equal(rd_kafka_mock_topic_create(f->cluster, "t", 1, 1), 0);
    assert_ok(bus_producer_open(&f->config, &f->producer, &err), &err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    bus_producer_close(f->producer, 1000);
    config_done(&f->config);
    rd_kafka_mock_cluster_destroy(f->cluster);
    rd_kafka_destroy(f->host);
    mem_free(f);
    return 0;
}

static void assert_stored_in_order(struct fixture *f, const char *values)
{
    const char *topic = "t";
    struct bus_consumer *consumer;
    AUTO(buf) struct buf got = {0};
    struct err err;

    assert_ok(bus_consumer_open(&f->config, "g", &topic, 1, &consumer, &err), &err);
    while (got.len < strlen(values)) {
        AUTO(bus_run) struct bus_run run;

        kafka_take(consumer, &any, &run);
        AUTO(char) char *text = kafka_values(&run);

        buf_adds(&got, text);
    }
    assert_string_equal(got.data, values);
    bus_consumer_close(consumer);
}

static void await_up(struct bus_producer *producer, bool is_up)
{
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    const struct timespec moment = {0, 5000000};

    while (bus_producer_is_up(producer) != is_up && clock_monotonic_ms() < deadline_ms) {
        nanosleep(&moment, NULL);
    }
    assert_int_equal(bus_producer_is_up(producer), is_up);
}

static void a_leader_that_moved_delays_messages_and_loses_none(void **state)
{
    struct fixture *f = *state;

    rd_kafka_mock_push_request_errors(
        f->cluster, PRODUCE_REQUEST, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    kafka_publish_numbers(f->producer, "t", "k", 5);
    assert_stored_in_order(f, "0 1 2 3 4 ");
}

static void a_time_out_of_unknown_outcome_ends_in_an_acknowledged_delivery(void **state)
{
    struct fixture *f = *state;

    rd_kafka_mock_push_request_errors(
        f->cluster, PRODUCE_REQUEST, 3, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    kafka_publish_numbers(f->producer, "t", "k", 5);
    assert_stored_in_order(f, "0 1 2 3 4 ");
}

/* What makes an idempotent producer useless for the rest of its life. */
static void a_time_out_and_a_lost_place_in_the_order_do_not_end_the_producer(void **state)
{
    struct fixture *f = *state;
    const struct bus_out message = {.topic = "t", .key = "k", .value = STR("lost or not")};
    struct err err;

    rd_kafka_mock_push_request_errors(f->cluster, PRODUCE_REQUEST, 2,
                                      RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                                      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    if (!bus_publish(f->producer, &message, 1, PATIENCE_MS, &err)) {
        assert_int_equal(err.kind, ERR_UNAVAILABLE);
    }
    kafka_publish_numbers(f->producer, "t", "k", 5);
}

/* The mock cluster has one replica of everything and cannot show the difference. */
static void all_replicas_are_waited_for(void **state)
{
    struct fixture *f = *state;
    rd_kafka_conf_t *conf;
    char value[16];
    size_t size = sizeof(value);
    struct err err;

    assert_ok(bus_conf_new(&f->config, BUS_ROLE_PRODUCER, &conf, &err), &err);
    assert_int_equal(rd_kafka_conf_get(conf, "acks", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "-1");
    rd_kafka_conf_destroy(conf);
}

static void order_holds_whichever_request_fails_first(void **state)
{
    struct fixture *f = *state;
    AUTO(buf) struct buf expected = {0};
    enum { ROUNDS = 6 };

    for (size_t round = 0; round < ROUNDS; round++) {
        rd_kafka_resp_err_t errors[ROUNDS] = {0};

        errors[round] = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
        rd_kafka_mock_push_request_errors_array(f->cluster, PRODUCE_REQUEST, round + 1, errors);
        kafka_publish_numbers(f->producer, "t", "k", 10);
        buf_adds(&expected, "0 1 2 3 4 5 6 7 8 9 ");
    }
    assert_stored_in_order(f, expected.data);
}

static void nothing_behind_a_message_that_cannot_be_stored_gets_through(void **state)
{
    struct fixture *f = *state;
    const rd_kafka_resp_err_t errors[] = {0, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE};
    const struct bus_out messages[] = {
        {.topic = "t", .key = "k", .value = STR("0")},
        {.topic = "t", .key = "k", .value = STR("1")},
        {.topic = "t", .key = "k", .value = STR("2")},
        {.topic = "t", .key = "k", .value = STR("3")},
    };
    const struct bus_out after = {.topic = "t", .key = "k", .value = STR("after")};
    struct err err = {0};

    rd_kafka_mock_push_request_errors_array(f->cluster, PRODUCE_REQUEST, 3, errors);
    assert_false(bus_publish(f->producer, messages, 4, PATIENCE_MS, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_ok(bus_publish(f->producer, &after, 1, PATIENCE_MS, &err), &err);
    assert_stored_in_order(f, "0 1 after ");
}

/* Reads as many messages as `out` has room for. */
static void read_values(struct fixture *f, size_t count, char out[][16])
{
    const char *topic = "t";
    struct bus_consumer *consumer;
    struct err err;

    assert_ok(bus_consumer_open(&f->config, "g", &topic, 1, &consumer, &err), &err);
    for (size_t at = 0; at < count;) {
        AUTO(bus_run) struct bus_run run;

        kafka_take(consumer, &any, &run);
        for (size_t i = 0; i < run.count && at < count; i++) {
            struct str value = run.messages[i].value;

            snprintf(out[at++], sizeof(out[0]), "%.*s", (int)value.n, value.p);
        }
    }
    bus_consumer_close(consumer);
}

static void unordered_messages_share_a_journey(void **state)
{
    struct fixture *f = *state;
    enum { MESSAGES = 200, JOURNEY_MS = 100, LIMIT_MS = 10000 };
    struct bus_out messages[MESSAGES];
    struct err err;

    for (size_t i = 0; i < MESSAGES; i++) {
        messages[i] =
            (struct bus_out){.topic = "t", .key = "k", .value = STR("v"), .is_unordered = true};
    }
    rd_kafka_mock_broker_set_rtt(f->cluster, 1, JOURNEY_MS);
    /* One after the other they would take twice the limit. */
    assert_ok(bus_publish(f->producer, messages, MESSAGES, LIMIT_MS, &err), &err);
}

static void unordered_messages_among_others_do_not_mix_those_up(void **state)
{
    struct fixture *f = *state;
    enum { ROUNDS = 6, PAIRS = 10, MESSAGES = ROUNDS * PAIRS * 2 };
    char values[MESSAGES][16];
    int next = 0;
    int unordered = 0;
    struct err err;

    for (size_t round = 0; round < ROUNDS; round++) {
        AUTO(bus_group) struct bus_group *group = bus_group_new(f->producer);
        rd_kafka_resp_err_t errors[ROUNDS] = {0};

        errors[round] = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
        rd_kafka_mock_push_request_errors_array(f->cluster, PRODUCE_REQUEST, round + 1, errors);
        for (int i = 0; i < PAIRS; i++) {
            char number[16];
            int n = snprintf(number, sizeof(number), "%d", (int)round * PAIRS + i);
            const struct bus_out pair[] = {
                {.topic = "t", .key = "k", .value = {number, (size_t)n}},
                {.topic = "t", .key = "k", .value = STR("any"), .is_unordered = true}};

            assert_ok(bus_group_add(group, &pair[0], PATIENCE_MS, &err), &err);
            assert_ok(bus_group_add(group, &pair[1], PATIENCE_MS, &err), &err);
        }
        assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
    }
    read_values(f, MESSAGES, values);
    for (size_t i = 0; i < MESSAGES; i++) {
        if (strcmp(values[i], "any") == 0) {
            unordered++;
        } else {
            assert_int_equal(strtol(values[i], NULL, 10), next++);
        }
    }
    assert_int_equal(next, ROUNDS * PAIRS);
    assert_int_equal(unordered, ROUNDS * PAIRS);
}

static void a_group_waits_for_its_unordered_messages_and_fails_with_them(void **state)
{
    struct fixture *f = *state;
    const struct bus_out message = {
        .topic = "t", .key = "k", .value = STR("v"), .is_unordered = true};
    struct err err = {0};

    rd_kafka_mock_push_request_errors(f->cluster, PRODUCE_REQUEST, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_false(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    rd_kafka_mock_broker_set_down(f->cluster, 1);
    assert_false(bus_publish(f->producer, &message, 1, 300, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    rd_kafka_mock_broker_set_up(f->cluster, 1);
}

static void a_message_that_the_broker_finds_too_large_is_invalid(void **state)
{
    struct fixture *f = *state;
    const struct bus_out message = {.topic = "t", .key = "k", .value = STR("v")};
    struct err err = {0};

    rd_kafka_mock_push_request_errors(f->cluster, PRODUCE_REQUEST, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_false(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    kafka_publish_numbers(f->producer, "t", "k", 1);
}

static void a_producer_that_may_not_write_says_that_the_set_up_is_broken(void **state)
{
    struct fixture *f = *state;
    const struct bus_out message = {.topic = "t", .key = "k", .value = STR("v")};
    struct err err = {0};

    rd_kafka_mock_push_request_errors(f->cluster, PRODUCE_REQUEST, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_false(bus_publish(f->producer, &message, 1, PATIENCE_MS, &err));
    assert_int_equal(err.kind, ERR_INTERNAL);
}

static void the_producer_is_down_while_the_broker_is_and_up_again_by_itself(void **state)
{
    struct fixture *f = *state;

    await_up(f->producer, true);
    rd_kafka_mock_broker_set_down(f->cluster, 1);
    await_up(f->producer, false);
    rd_kafka_mock_broker_set_up(f->cluster, 1);
    await_up(f->producer, true);
    kafka_publish_numbers(f->producer, "t", "k", 3);
    assert_stored_in_order(f, "0 1 2 ");
}

static void messages_sent_while_the_broker_is_away_are_delivered_when_it_is_back(void **state)
{
    struct fixture *f = *state;
    AUTO(bus_group) struct bus_group *group = bus_group_new(f->producer);
    const struct bus_out message = {.topic = "t", .key = "k", .value = STR("late")};
    struct err err = {0};

    kafka_publish_numbers(f->producer, "t", "k", 1);
    rd_kafka_mock_broker_set_down(f->cluster, 1);
    await_up(f->producer, false);
    assert_ok(bus_group_add(group, &message, PATIENCE_MS, &err), &err);
    assert_false(bus_group_wait(group, 300, &err));
    assert_int_equal(err.kind, ERR_UNAVAILABLE);
    rd_kafka_mock_broker_set_up(f->cluster, 1);
    assert_ok(bus_group_wait(group, PATIENCE_MS, &err), &err);
    assert_stored_in_order(f, "0 late ");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_leader_that_moved_delays_messages_and_loses_none),
        CLAIM(a_time_out_of_unknown_outcome_ends_in_an_acknowledged_delivery),
        CLAIM(a_time_out_and_a_lost_place_in_the_order_do_not_end_the_producer),
        CLAIM(all_replicas_are_waited_for),
        CLAIM(order_holds_whichever_request_fails_first),
        CLAIM(nothing_behind_a_message_that_cannot_be_stored_gets_through),
        CLAIM(unordered_messages_share_a_journey),
        CLAIM(unordered_messages_among_others_do_not_mix_those_up),
        CLAIM(a_group_waits_for_its_unordered_messages_and_fails_with_them),
        CLAIM(a_message_that_the_broker_finds_too_large_is_invalid),
        CLAIM(a_producer_that_may_not_write_says_that_the_set_up_is_broken),
        CLAIM(the_producer_is_down_while_the_broker_is_and_up_again_by_itself),
        CLAIM(messages_sent_while_the_broker_is_away_are_delivered_when_it_is_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
