#pragma once

#include "bus/bus.h"

/* A message that no try can work, and what is known about it. */
struct dead_letter {
    const struct bus_message *message;
    const struct err *why;
    unsigned attempts;
};

/* Publishes the original bytes, key and headers to `<topic>.dlq`, with the dlq-* headers of
 * docs/DATA.md, and waits for the acknowledgement. Kinds as of bus_publish. */
bool dead_letter_publish(struct bus_producer *producer, const struct dead_letter *letter,
                         int64_t timeout_ms, struct err *err) MUST_USE;
