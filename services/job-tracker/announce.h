#pragma once

#include "base/err.h"
#include "base/mem.h"

#include <bson/bson.h>
#include <stdint.h>

struct bus_producer;

/* What is to be told to the public; a NULL document is not. */
struct announcement {
    const bson_t *job;   /* of `import_jobs` */
    const bson_t *batch; /* of `import_batches` */
};

/* Publishes the events and waits until Kafka has acknowledged each. Error kinds as bus_publish. */
bool announce(struct bus_producer *producer, const struct announcement *announcement,
              int64_t timeout_ms, struct err *err) MUST_USE;
