#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* Numbers and dates of spreadsheets as text. */

enum { NUMBER_TEXT_SIZE = 40, DATE_TEXT_SIZE = 32 };

/* Writes the shortest text that reads back as `value`, which is finite: without an exponent from
 * 1e-7 to 1e21. Returns the length. */
size_t number_text(double value, char out[NUMBER_TEXT_SIZE]);

/* Reads digits, sign, point and exponent, nothing else; false also when it is out of range. */
bool number_read(struct str text, double *out);

/*
 * Writes a count of days in the 1900 or the 1904 date system as ISO 8601: "2024-01-31",
 * "2024-01-31T12:30:00", with milliseconds when there are any. A time of day alone ("12:30:00")
 * when `is_time` and the count is below one day. False when there is no such day: below zero,
 * after the year 9999, and the days 0 and 60 of the 1900 system, which Excel made up.
 */
bool date_text(double days, bool is_1904, bool is_time, char out[DATE_TEXT_SIZE]);

/* Writes a span of days as hours, minutes and seconds: "36:00:00". False when below zero or over
 * 10,000,000 days. */
bool elapsed_text(double days, char out[DATE_TEXT_SIZE]);
