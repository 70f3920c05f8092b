#include "domain/date.h"

static const int64_t DAY_MS = 24LL * 60 * 60 * 1000;

static bool take(const char **text, char wanted)
{
    if (**text != wanted) {
        return false;
    }
    (*text)++;
    return true;
}

/* A number of exactly so many digits, within the range. */
static bool take_number(const char **text, int digits, int max, int *out)
{
    const char *p = *text;

    *out = 0;
    for (int i = 0; i < digits; i++, p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }
        *out = *out * 10 + (*p - '0');
    }
    *text = p;
    return *out <= max;
}

/* Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that a leap day
 * is the last of its year. */
static int64_t day_number(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * from_march + 2) / 5 + day - 1;

    return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

/* Minutes east of UTC. */
static bool take_zone(const char **text, int *minutes)
{
    int hours;
    int rest;
    bool is_west = **text == '-';

    *minutes = 0;
    if (take(text, 'Z') || **text == '\0') {
        return true;
    }
    if ((!take(text, '-') && !take(text, '+')) || !take_number(text, 2, 14, &hours)) {
        return false;
    }
    take(text, ':');
    if (!take_number(text, 2, 59, &rest)) {
        return false;
    }
    *minutes = (hours * 60 + rest) * (is_west ? -1 : 1);
    return true;
}

static int take_fraction_ms(const char **text)
{
    int ms = 0;

    for (int weight = 100; **text >= '0' && **text <= '9'; (*text)++, weight /= 10) {
        ms += (**text - '0') * weight;
    }
    return ms;
}

/* Milliseconds since the day began, in UTC. */
static bool read_time(const char *text, int64_t *out)
{
    int hours;
    int minutes;
    int seconds = 0;
    int east;

    if (!take_number(&text, 2, 24, &hours) || !take(&text, ':') ||
        !take_number(&text, 2, 59, &minutes) ||
        (take(&text, ':') && !take_number(&text, 2, 60, &seconds))) {
        return false;
    }
    int ms = take(&text, '.') ? take_fraction_ms(&text) : 0;

    if (!take_zone(&text, &east) || *text) {
        return false;
    }
    *out = ((hours * 60LL + minutes - east) * 60 + seconds) * 1000 + ms;
    return true;
}

bool date_read(const char *text, struct date_span *out)
{
    int year;
    int month;
    int day;
    int64_t time_ms;

    if (!take_number(&text, 4, 9999, &year) || !take(&text, '-') ||
        !take_number(&text, 2, 12, &month) || !take(&text, '-') ||
        !take_number(&text, 2, 31, &day) || month == 0 || day == 0) {
        return false;
    }
    int64_t begin = day_number(year, month, day) * DAY_MS;
    bool has_time = take(&text, 'T') || take(&text, ' ');

    if (!has_time && *text) {
        return false;
    }
    if (has_time && read_time(text, &time_ms)) {
        *out = (struct date_span){begin + time_ms, begin + time_ms};
    } else {
        *out = (struct date_span){begin, begin + DAY_MS - 1};
    }
    return true;
}
