#pragma once

#include <stdint.h>

int64_t clock_now_ms(void);       /* wall clock, milliseconds since the Unix epoch */
int64_t clock_monotonic_ms(void); /* for measuring spans and deadlines */

enum { CLOCK_ISO_SIZE = 25 }; /* "2026-04-24T12:58:55.123Z" and NUL */

/* Writes `ms` as ISO 8601 UTC with milliseconds, the form of every date in answers and events. */
void clock_format_iso(int64_t ms, char out[CLOCK_ISO_SIZE]);
