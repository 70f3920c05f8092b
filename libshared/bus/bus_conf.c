#include "bus/bus_internal.h"

#include "config/config.h"
#include "log/log.h"

#include <stdarg.h>
#include <stdio.h>

struct setting {
    const char *name;
    const char *value;
};

static const struct setting common_settings[] = {
    {"client.id", "consign"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    /* A broker that hangs is given up after seconds, and a broker that is back is found within one.
     */
    {"socket.timeout.ms", "10000"},
    {"socket.connection.setup.timeout.ms", "5000"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"},
    /* A topic that is made after the program started must not wait for the default of five minutes.
     */
    {"topic.metadata.refresh.interval.ms", "10000"},
};

/*
 * Order is kept by bus_group.c, so requests may overlap and need not linger. The idempotent
 * producer would keep it too, but turns fatal after a time-out with unknown outcome. A batch stays
 * below what a broker takes by default; a single message may be a little larger, so that a message
 * of the largest size still fits its dead-letter topic with the headers added. The queue is bounded
 * by bus_group.c; here it only must not be the smaller one.
 */
static const struct setting producer_settings[] = {
    {"acks", "all"},
    {"enable.idempotence", "false"},
    {"max.in.flight.requests.per.connection", "8"},
    {"message.send.max.retries", "2147483647"},
    {"retry.backoff.ms", "100"},
    {"request.timeout.ms", "10000"},
    {"message.timeout.ms", "60000"},
    {"linger.ms", "0"},
    {"compression.type", "lz4"},
    {"partitioner", "murmur2"},
    {"message.max.bytes", "1114112"},
    {"batch.size", "1000000"},
    {"queue.buffering.max.kbytes", "131072"},
};

/*
 * The session time-out bounds how long partitions lie idle after a kill -9: heartbeats come from a
 * thread of librdkafka, so a handler that takes long does not need a longer one. With
 * CONSIGN_INSTANCE membership is static: the same instance has its partitions back as soon as it is
 * started again.
 *
 * Runs of large rows need several chunks at hand: with 256 KB at one go and 4 MB ahead, 9 KB
 * products came at a quarter of the speed.
 */
static const struct setting consumer_settings[] = {
    {"partition.assignment.strategy", "range"},
    {"auto.offset.reset", "earliest"},
    {"enable.auto.offset.store", "false"},
    {"enable.auto.commit", "true"},
    {"auto.commit.interval.ms", "1000"},
    {"session.timeout.ms", "10000"},
    {"heartbeat.interval.ms", "3000"},
    {"max.poll.interval.ms", "300000"},
    {"fetch.wait.max.ms", "100"},
    {"fetch.error.backoff.ms", "50"},
    {"fetch.message.max.bytes", "2097152"},
    {"fetch.max.bytes", "8388608"},
    {"queued.max.messages.kbytes", "32768"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool bus_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err)
{
    char why[160];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
        return err_set(err, ERR_INTERNAL, "Kafka setting %s: %s", name, why);
    }
    return true;
}

static bool set_all(rd_kafka_conf_t *conf, const struct setting *settings, size_t count,
                    struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!bus_conf_set(conf, settings[i].name, settings[i].value, err)) {
            return false;
        }
    }
    return true;
}

static void on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text)
{
    (void)kafka;
    log_debug("kafka %d %s: %s", level, facility, text);
}

bool bus_conf_new(const struct config *config, enum bus_role role, rd_kafka_conf_t **out,
                  struct err *err)
{
    AUTO(rd_kafka_conf) rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set_log_cb(conf, on_log);
    if (!set_all(conf, common_settings, COUNT(common_settings), err) ||
        !bus_conf_set(conf, "bootstrap.servers", config->kafka_brokers, err)) {
        return false;
    }
    switch (role) {
    case BUS_ROLE_PRODUCER:
        if (!set_all(conf, producer_settings, COUNT(producer_settings), err)) {
            return false;
        }
        break;
    case BUS_ROLE_CONSUMER:
        if (!set_all(conf, consumer_settings, COUNT(consumer_settings), err)) {
            return false;
        }
        break;
    case BUS_ROLE_ADMIN:
        break;
    }
    *out = STEAL(conf);
    return true;
}

bool bus_client_new(rd_kafka_type_t type, rd_kafka_conf_t **take_conf, rd_kafka_t **out,
                    struct err *err)
{
    char why[160];
    rd_kafka_t *kafka = rd_kafka_new(type, *take_conf, why, sizeof(why));

    if (!kafka) {
        return err_set(err, ERR_INTERNAL, "Kafka client: %s", why);
    }
    *take_conf = NULL;
    *out = kafka;
    return true;
}

char *bus_prefixed(const struct config *config, const char *name)
{
    size_t size = strlen(config->topic_prefix) + strlen(name) + 1;
    char *text = mem_alloc(size);

    snprintf(text, size, "%s%s", config->topic_prefix, name);
    return text;
}

enum err_kind bus_err_kind(rd_kafka_resp_err_t code)
{
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
        return ERR_INVALID;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        return ERR_INTERNAL;
    default:
        return ERR_UNAVAILABLE;
    }
}

bool bus_fail(struct err *err, rd_kafka_resp_err_t code, const char *fmt, ...)
{
    char text[120];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    err_set(err, bus_err_kind(code), "%s: %s", text, rd_kafka_err2str(code));
    err->code = code;
    return false;
}
