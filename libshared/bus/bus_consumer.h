#pragma once

#include "bus/bus_internal.h"

struct bus_consumer {
    rd_kafka_t *kafka;
    size_t prefix_size; /* of topic names */

    rd_kafka_topic_partition_list_t *assignment; /* NULL while not a member */
    uint64_t epoch;                              /* grows each time the assignment is taken away */
    bool is_paused;

    /* Taken from librdkafka, in order, and not yet part of a run. */
    rd_kafka_message_t **held;
    size_t held_count;
    size_t held_capacity;

    struct err trouble; /* the newest error that no one was told; kind 0 when there is none */
};

/* The next message, which stays where it is; waits at most `wait_ms` when none is held. NULL when
 * none came. */
const rd_kafka_message_t *bus_consumer_peek(struct bus_consumer *consumer, int wait_ms);

/* Takes what bus_consumer_peek showed. The caller destroys it. */
rd_kafka_message_t *bus_consumer_pop(struct bus_consumer *consumer);

/* Resumes what bus_consumer_idle paused. */
void bus_consumer_resume(struct bus_consumer *consumer);
