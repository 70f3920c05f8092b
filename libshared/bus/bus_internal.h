#pragma once

#include "bus/bus.h"

#include <librdkafka/rdkafka.h>

/* Shared by the files of this library only. */

/* Carries bus_out.weight; never shown among a message's headers. */
#define BUS_WEIGHT_HEADER "weight"

DEFINE_AUTO(rd_kafka, rd_kafka_t, rd_kafka_destroy)
DEFINE_AUTO(rd_kafka_conf, rd_kafka_conf_t, rd_kafka_conf_destroy)
DEFINE_AUTO(rd_kafka_list, rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy)
DEFINE_AUTO(rd_kafka_queue, rd_kafka_queue_t, rd_kafka_queue_destroy)

enum bus_role { BUS_ROLE_PRODUCER, BUS_ROLE_CONSUMER, BUS_ROLE_ADMIN };

/* The settings of one role, bound to the configured brokers. ERR_INTERNAL for settings librdkafka
 * refuses. The caller destroys *out, or gives it to bus_client_new. */
bool bus_conf_new(const struct config *config, enum bus_role role, rd_kafka_conf_t **out,
                  struct err *err) MUST_USE;

bool bus_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                  struct err *err) MUST_USE;

/* Makes the client; *take_conf belongs to it afterwards and becomes NULL. */
bool bus_client_new(rd_kafka_type_t type, rd_kafka_conf_t **take_conf, rd_kafka_t **out,
                    struct err *err) MUST_USE;

/* The name as Kafka knows it; the caller frees it. */
char *bus_prefixed(const struct config *config, const char *name);

/* The one place where Kafka's error codes become kinds. */
enum err_kind bus_err_kind(rd_kafka_resp_err_t code);

/* "text: what Kafka says", with the kind of `code`. Returns false. */
bool bus_fail(struct err *err, rd_kafka_resp_err_t code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Everything points into `raw`. Topic names lose their first `prefix_size` bytes. */
struct bus_message bus_read_message(const rd_kafka_message_t *raw, size_t prefix_size);

/* A client that belongs to a group, but consumes nothing unless it is told to. */
bool bus_connect_member(const struct config *config, const char *group, rd_kafka_t **out,
                        struct err *err) MUST_USE;

/* Adds all partitions of a topic, named as Kafka knows it. */
bool bus_list_partitions(rd_kafka_t *kafka, const char *topic, int64_t deadline_ms,
                         rd_kafka_topic_partition_list_t *list, struct err *err) MUST_USE;

/* Sets each partition's offset to the start (RD_KAFKA_OFFSET_BEGINNING) or end
 * (RD_KAFKA_OFFSET_END) of its log. Asks again while a leader is about to change. */
bool bus_find_edge(rd_kafka_t *kafka, rd_kafka_topic_partition_list_t *list, int64_t edge,
                   int64_t deadline_ms, struct err *err) MUST_USE;
