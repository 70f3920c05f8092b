#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAYS(n) (INT64_C(n) * 24 * 60 * 60 * 1000)
#define LETTER_RETENTION_MS DAYS(30)

/* All topics of an installation; those with dead letters have a `<topic>.dlq` beside them. */
struct topic {
    const char *name;
    int64_t retention_ms;
    bool has_dead_letters;
};

enum { TOPICS = 12 };

extern const struct topic topics[TOPICS];

/* The topic that the letters of `dlq` came from ("import.products.dlq"); NULL when there is no such
 * DLQ. */
const struct topic *topic_of_letters(const char *dlq);

/* The topic of this name; NULL when it is unknown or has no dead letters. */
const struct topic *topic_with_letters(const char *name);
