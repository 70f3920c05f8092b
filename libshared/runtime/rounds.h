#pragma once

#include "base/err.h"

#include <stdint.h>

/* A thread that works in rounds while there is something to do and sleeps otherwise. */
struct rounds;

struct rounds_options {
    const char *name; /* of the thread, at most 15 characters */
    /* One round. Answers the milliseconds until the next one; negative: none before a wake-up. */
    int64_t (*round)(void *ctx);
    void *ctx;
};

/* Starts asleep. ERR_UNAVAILABLE when the thread cannot be started. */
bool rounds_open(const struct rounds_options *options, struct rounds **out,
                 struct err *err) MUST_USE;

/* Lets a round follow on a sleep, or on the round in hand. From any thread. */
void rounds_wake(struct rounds *rounds);

/* Waits for the round in hand, ends the thread, frees. NULL is allowed. */
void rounds_close(struct rounds *rounds);
