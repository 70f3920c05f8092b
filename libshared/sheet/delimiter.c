#include "sheet/delimiter.h"

#include <strings.h>

enum { CANDIDATES = 4, MOST_RECORDS = 50 };

static const char candidates[CANDIDATES] = {',', ';', '\t', '|'};

struct counts {
    size_t of[CANDIDATES];
};

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r';
}

/* Whether the quote at `i` ends its cell, as the parser sees it: something has to follow that can
 * stand behind a cell. */
static bool closes_cell(struct str sample, size_t i)
{
    char next = i + 1 < sample.n ? sample.p[i + 1] : '\n';

    return next == ' ' || is_line_break(next) || memchr(candidates, next, CANDIDATES);
}

/* Counts the candidates of the record that starts at `from`, outside of quotes. Returns where the
 * next one starts. */
static size_t count_record(struct str sample, size_t from, struct counts *counts)
{
    bool is_quoted = false;
    bool is_cell_start = true;
    size_t i;

    for (i = from; i < sample.n && (is_quoted || !is_line_break(sample.p[i])); i++) {
        const char *candidate = memchr(candidates, sample.p[i], CANDIDATES);

        if (is_quoted) {
            is_quoted = sample.p[i] != '"' || !closes_cell(sample, i);
            i += is_quoted && sample.p[i] == '"';
            continue;
        }
        is_quoted = is_cell_start && sample.p[i] == '"';
        is_cell_start = candidate || (is_cell_start && sample.p[i] == ' ');
        if (candidate) {
            counts->of[candidate - candidates]++;
        }
    }
    while (i < sample.n && is_line_break(sample.p[i])) {
        i++;
    }
    return i;
}

char delimiter_of(struct str sample)
{
    struct counts header = {0};
    struct counts fitting = {0};
    size_t at = 0;
    int best = 0;

    while (at < sample.n && is_line_break(sample.p[at])) {
        at++;
    }
    at = count_record(sample, at, &header);
    for (size_t record = 1; at < sample.n && record < MOST_RECORDS; record++) {
        struct counts counts = {0};

        at = count_record(sample, at, &counts);
        for (int c = 0; c < CANDIDATES; c++) {
            fitting.of[c] += counts.of[c] > 0 && counts.of[c] <= header.of[c];
        }
    }
    for (int c = 1; c < CANDIDATES; c++) {
        if (header.of[c] > 0 &&
            (header.of[best] == 0 || fitting.of[c] > fitting.of[best] ||
             (fitting.of[c] == fitting.of[best] && header.of[c] > header.of[best]))) {
            best = c;
        }
    }
    return candidates[best];
}

size_t delimiter_line(struct str sample, char *delimiter)
{
    size_t size = 5;

    if (sample.n < 6 || strncasecmp(sample.p, "sep=", 4) != 0 || sample.p[4] == '"' ||
        is_line_break(sample.p[4]) || !is_line_break(sample.p[5])) {
        return 0;
    }
    *delimiter = sample.p[4];
    size += sample.n > 6 && memcmp(sample.p + 5, "\r\n", 2) == 0 ? 2 : 1;
    return size;
}
