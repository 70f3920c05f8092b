#pragma once

#include "bus/bus_internal.h"

#include <pthread.h>
#include <stdatomic.h>

/* A topic is opened once and kept: librdkafka then knows its leaders before the first message. */
struct bus_topic {
    struct bus_topic *next;
    rd_kafka_topic_t *handle;
    char name[];
};

struct bus_producer {
    rd_kafka_t *kafka;
    char *prefix;

    pthread_t poller; /* serves delivery reports, errors and the probe */
    bool has_poller;
    atomic_bool is_closing;
    _Atomic int64_t last_answer_ms; /* monotonic; when a broker last proved to be there, 0 never */

    pthread_mutex_t lock;   /* guards what follows, and all groups */
    pthread_cond_t changed; /* a group came to its end, or bytes were released */
    struct bus_topic *topics;
    size_t held_bytes; /* of all messages that were added and not yet reported */
    size_t waiting_for_room;
};

/* A message from bus_group_add until its report. */
struct bus_outgoing;

/* Takes the report of a message, frees it, and sends the next of its kind. Called by the poller. */
void bus_outgoing_report(struct bus_outgoing *take_outgoing, rd_kafka_resp_err_t code);
