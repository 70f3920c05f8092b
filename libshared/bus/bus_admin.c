#include "bus/bus_internal.h"

#include "config/config.h"

#include <inttypes.h>
#include <stdio.h>

enum { ADMIN_MS = 10000, SETTLE_MS = 10000, REASON_SIZE = 160 };

DEFINE_AUTO(rd_kafka_options, rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy)
DEFINE_AUTO(rd_kafka_event, rd_kafka_event_t, rd_kafka_event_destroy)

/* ---- topics ---- */

static bool set_number(rd_kafka_NewTopic_t *topic, const char *name, int64_t value, struct err *err)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    rd_kafka_resp_err_t code = rd_kafka_NewTopic_set_config(topic, name, text);

    return code ? bus_fail(err, code, "topic setting %s", name) : true;
}

static bool make_topic(const struct config *config, const struct bus_topic_spec *spec,
                       rd_kafka_NewTopic_t **out, struct err *err)
{
    AUTO(char) char *name = bus_prefixed(config, spec->topic);
    char why[REASON_SIZE];

    *out = rd_kafka_NewTopic_new(name, spec->partitions, spec->replication, why, sizeof(why));
    if (!*out) {
        return err_set(err, ERR_INTERNAL, "topic %s: %s", name, why);
    }
    rd_kafka_NewTopic_set_config(*out, "cleanup.policy", "delete");
    /* With three replicas one may be missing and an acknowledged message still lies on two. */
    return set_number(*out, "min.insync.replicas", spec->replication >= 3 ? 2 : 1, err) &&
           set_number(*out, "retention.ms", spec->retention_ms, err) &&
           set_number(*out, "max.message.bytes", spec->max_message_bytes, err);
}

static bool check_results(rd_kafka_event_t *event, struct err *err)
{
    if (rd_kafka_event_error(event)) {
        return bus_fail(err, rd_kafka_event_error(event), "creating topics");
    }
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);

    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);

        if (code && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            return bus_fail(err, code, "creating topic %s", rd_kafka_topic_result_name(results[i]));
        }
    }
    return true;
}

static bool request_topics(rd_kafka_t *kafka, rd_kafka_NewTopic_t **topics, size_t count,
                           struct err *err)
{
    AUTO(rd_kafka_queue) rd_kafka_queue_t *queue = rd_kafka_queue_new(kafka);
    AUTO(rd_kafka_options)
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(kafka, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    char why[REASON_SIZE];

    /* The answer comes when the topics can be used, not when they are planned. */
    if (rd_kafka_AdminOptions_set_request_timeout(options, ADMIN_MS, why, sizeof(why)) ||
        rd_kafka_AdminOptions_set_operation_timeout(options, SETTLE_MS, why, sizeof(why))) {
        return err_set(err, ERR_INTERNAL, "creating topics: %s", why);
    }
    rd_kafka_CreateTopics(kafka, topics, count, options, queue);
    AUTO(rd_kafka_event) rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_MS + SETTLE_MS);

    if (!event) {
        return err_set(err, ERR_UNAVAILABLE, "creating topics: no answer from Kafka");
    }
    return check_results(event, err);
}

static bool connect_admin(const struct config *config, rd_kafka_t **out, struct err *err)
{
    AUTO(rd_kafka_conf) rd_kafka_conf_t *conf = NULL;

    return bus_conf_new(config, BUS_ROLE_ADMIN, &conf, err) &&
           bus_client_new(RD_KAFKA_PRODUCER, &conf, out, err);
}

bool bus_create_topics(const struct config *config, const struct bus_topic_spec *specs,
                       size_t count, struct err *err)
{
    AUTO(rd_kafka) rd_kafka_t *kafka = NULL;

    if (!connect_admin(config, &kafka, err)) {
        return false;
    }
    rd_kafka_NewTopic_t **topics = mem_calloc(count, sizeof(*topics));
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        ok = make_topic(config, &specs[i], &topics[i], err);
    }
    ok = ok && request_topics(kafka, topics, count, err);
    for (size_t i = 0; i < count; i++) {
        if (topics[i]) {
            rd_kafka_NewTopic_destroy(topics[i]);
        }
    }
    mem_free(topics);
    return ok;
}
