#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a date in a partner's document names: one moment, or all of a day. Both ends belong to it;
 * milliseconds since the Unix epoch. */
struct date_span {
    int64_t first_ms;
    int64_t last_ms;
};

/*
 * Reads ISO 8601: "2026-04-15", or that with a time behind "T" or a space: "10:30", "10:30:05.250",
 * followed by "Z", "+02:00", "+0200" or nothing, which means UTC. A time in any other form is
 * passed over, and the text names the whole day. False when it does not begin with a date.
 */
bool date_read(const char *text, struct date_span *out);
