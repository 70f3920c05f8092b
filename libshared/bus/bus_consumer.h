#pragma once

#include "bus/bus_partition.h"

struct bus_consumer {
    rd_kafka_t *kafka;
    size_t prefix_size; /* of topic names */

    rd_kafka_queue_t *events; /* of the group: shares that come and go, errors */
    int wake_fd;              /* readable when `events` or a partition has something new */

    rd_kafka_topic_partition_list_t *assignment; /* NULL while not a member */
    struct bus_partition *partitions;            /* those of the assignment, in its order */
    size_t turn;                                 /* the partition that is asked first for a run */
    uint64_t epoch;                              /* grows each time the assignment is taken away */
    bool is_paused;

    struct err trouble; /* the newest error that no one was told; kind 0 when there is none */
};

/* The first partition that has a message, which then is its `next`; they are asked in turn, from
 * number `first` on. Waits at most `wait_ms` while none has one; NULL when none came, at once when
 * there is trouble. The group is served meanwhile, so that the share may be another one afterwards.
 */
struct bus_partition *bus_consumer_peek(struct bus_consumer *consumer, size_t first, int wait_ms);

/* Resumes what bus_consumer_idle paused. */
void bus_consumer_resume(struct bus_consumer *consumer);
