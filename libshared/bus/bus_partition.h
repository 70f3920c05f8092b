#pragma once

#include "bus/bus_internal.h"

/* A partition of a consumer's share. What librdkafka fetched of it waits in a queue of its own:
 * over one queue for all, a full partition stands in front of the others. */
struct bus_partition {
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *next; /* taken from the queue and not yet part of a run, or NULL */
};

/* Lets `wake_fd` (an eventfd) become readable when something comes into the queue that was last
 * found empty. -1: no longer. */
void bus_queue_watch(rd_kafka_queue_t *queue, int wake_fd);

/* One for each of `list`, in its order. Must come before rd_kafka_assign: what is fetched until
 * then goes over the consumer's queue. */
struct bus_partition *bus_partitions_open(rd_kafka_t *kafka,
                                          const rd_kafka_topic_partition_list_t *list, int wake_fd);

/* Gives back the queues and what waits in them, which librdkafka would keep for a partition that is
 * lost. Must come after the assignment was taken back, and before rd_kafka_destroy. */
void bus_partitions_close(struct bus_partition *take_partitions, size_t count);
