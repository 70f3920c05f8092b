#pragma once

#include "bus/bus.h"
#include "config/config.h"

/* For tests against a real Kafka (KAFKA_BROKERS). */

/* Loads the configuration with a topic prefix of this test run alone. The caller calls config_done.
 */
void kafka_config(struct config *config);

/* Puts other brokers into a loaded configuration. */
void kafka_set_brokers(struct config *config, const char *brokers);

/* Creates the topic; fails the test when that does not work. */
void kafka_make_topic(const struct config *config, const char *topic, int partitions);

/* Publishes `count` messages with the values "0", "1", ... under one key and waits for them. */
void kafka_publish_numbers(struct bus_producer *producer, const char *topic, const char *key,
                           size_t count);

/* The messages' values, each followed by a space. The caller frees it. */
char *kafka_values(const struct bus_run *run);

/* Takes until a run with messages came; fails the test after 30 s. */
void kafka_take(struct bus_consumer *consumer, const struct bus_run_limits *limits,
                struct bus_run *run);

/* Polls until the group gave the consumer this many partitions; fails the test after 30 s. */
void kafka_await_partitions(struct bus_consumer *consumer, size_t count);
