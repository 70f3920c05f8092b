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
    _Atomic int64_t last_answer_ms; /* monotonic; when a broker last proved to be there, 0 never or
                                       lost since */

    pthread_mutex_t lock;   /* guards what follows, and all groups */
    pthread_cond_t changed; /* a group came to its end */
    struct bus_topic *topics;
};

struct bus_group {
    struct bus_producer *producer;
    size_t refs; /* the caller, and each message under way */
    size_t pending;
    rd_kafka_resp_err_t failure; /* of the first message that was not stored */
};

/* Counts one report. Called by the poller for each message. */
void bus_group_report(struct bus_group *group, rd_kafka_resp_err_t code);
