#pragma once

#include "bus/bus.h"

/* A message that no try can work, and what is known about it. */
struct dead_letter {
    const struct bus_message *message;
    const struct err *why;
    unsigned attempts;
    bool is_crash;     /* it ended the process so often */
    const char *group; /* whose consumer gave it up */
};

/*
 * The letter to `<topic>.dlq`: the original bytes, key and headers, with the dlq-* headers of
 * docs/DATA.md. Borrows the message; the reason is copied. Headers of an earlier death are left
 * out: a letter that was sent back and died again says why it died last.
 */
struct bus_out dead_letter_compose(struct arena *arena, const struct dead_letter *letter);

/* Publishes the composed letter and waits for the acknowledgement. What came from a DLQ lies in one
 * already, and is not sent anywhere. Kinds as of bus_publish. */
bool dead_letter_publish(struct bus_producer *producer, const struct dead_letter *letter,
                         int64_t timeout_ms, struct err *err) MUST_USE;

/* Counts letters of a topic that Kafka has, in consign_dead_letters_total. 0 makes the counter
 * visible. */
void dead_letter_count(const char *topic, int64_t n);
