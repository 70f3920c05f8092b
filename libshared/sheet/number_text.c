#include "sheet/number_text.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_DIGITS = 17, MAX_READ = 400, MS_PER_SECOND = 1000 };

static const int64_t MS_PER_DAY = 86400000;
/* 1970-01-01 as the date systems count it; before their day 60 the 1900 count is one behind. */
static const int64_t UNIX_EPOCH_1900 = 25569;
static const int64_t UNIX_EPOCH_1904 = 24107;
static const double MAX_DAY = 2958466;
static const double MAX_ELAPSED_DAYS = 1e7;

/* The digits of the shortest exact form, without trailing zeros, and the exponent of the first. */
static int shortest_digits(double value, char digits[MAX_DIGITS + 1], int *exponent)
{
    char text[NUMBER_TEXT_SIZE];
    int count = 0;

    for (int precision = 14; precision < MAX_DIGITS; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    const char *p = text;

    for (; *p != 'e'; p++) {
        if (*p != '.') {
            digits[count++] = *p;
        }
    }
    *exponent = (int)strtol(p + 1, NULL, 10);
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    digits[count] = '\0';
    return count;
}

size_t number_text(double value, char out[NUMBER_TEXT_SIZE])
{
    static const char zeros[] = "00000000000000000000";
    char digits[MAX_DIGITS + 1];
    int exponent;
    int count = shortest_digits(fabs(value), digits, &exponent);
    const char *sign = value < 0 ? "-" : "";
    int whole = exponent + 1;
    int n;

    if (exponent < -7 || exponent > 20) {
        n = snprintf(out, NUMBER_TEXT_SIZE, "%s%c%s%se%+d", sign, digits[0], count > 1 ? "." : "",
                     digits + 1, exponent);
    } else if (exponent < 0) {
        n = snprintf(out, NUMBER_TEXT_SIZE, "%s0.%.*s%s", sign, -whole, zeros, digits);
    } else if (count <= whole) {
        n = snprintf(out, NUMBER_TEXT_SIZE, "%s%s%.*s", sign, digits, whole - count, zeros);
    } else {
        n = snprintf(out, NUMBER_TEXT_SIZE, "%s%.*s.%s", sign, whole, digits, digits + whole);
    }
    return (size_t)n;
}

bool number_read(struct str text, double *out)
{
    char copy[MAX_READ];
    char *end;

    if (text.n == 0 || text.n >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    if (strspn(copy, "0123456789+-.eE") != text.n) {
        return false;
    }
    *out = strtod(copy, &end);
    return end == copy + text.n && isfinite(*out);
}

static bool time_text(int64_t ms, char out[DATE_TEXT_SIZE])
{
    int64_t seconds = ms / MS_PER_SECOND;
    int n = snprintf(out, DATE_TEXT_SIZE, "%02lld:%02lld:%02lld", (long long)(seconds / 3600),
                     (long long)(seconds / 60 % 60), (long long)(seconds % 60));

    if (ms % MS_PER_SECOND) {
        snprintf(out + n, DATE_TEXT_SIZE - (size_t)n, ".%03d", (int)(ms % MS_PER_SECOND));
    }
    return true;
}

bool date_text(double days, bool is_1904, bool is_time, char out[DATE_TEXT_SIZE])
{
    char iso[CLOCK_ISO_SIZE];

    if (!(days >= 0 && days < MAX_DAY)) {
        return false;
    }
    int64_t ms = llround(days * (double)MS_PER_DAY);
    int64_t day = ms / MS_PER_DAY;
    int64_t epoch = is_1904 ? UNIX_EPOCH_1904 : UNIX_EPOCH_1900 - (day < 60);

    if (is_time && day == 0) {
        return time_text(ms, out);
    }
    if (!is_1904 && (day == 0 || day == 60)) {
        return false;
    }
    clock_format_iso(ms - epoch * MS_PER_DAY, iso);
    size_t keep = ms % MS_PER_DAY == 0      ? strlen("2024-01-31")
                  : ms % MS_PER_SECOND == 0 ? strlen("2024-01-31T12:30:00")
                                            : strlen("2024-01-31T12:30:00.500");

    snprintf(out, DATE_TEXT_SIZE, "%.*s", (int)keep, iso);
    return true;
}

bool elapsed_text(double days, char out[DATE_TEXT_SIZE])
{
    if (!(days >= 0 && days <= MAX_ELAPSED_DAYS)) {
        return false;
    }
    return time_text(llround(days * (double)MS_PER_DAY), out);
}
