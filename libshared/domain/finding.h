#pragma once

#include "base/mem.h"
#include "domain/problem.h"

#include <stdbool.h>
#include <stddef.h>

/* What is wrong with one row. A row with an error is not applied; a warning only tells. All are
 * reported. */
struct finding {
    enum problem_id problem;
    const char *text; /* for people; names the field and what was expected */
    const char *path; /* JSON Pointer into the row as it came, "" for the row itself */
    bool is_warning;
};

/* All memory belongs to the arena. */
struct findings {
    struct arena *arena;
    struct finding *items;
    size_t count;
    size_t cap;
    size_t errors;
    size_t warnings;
};

/* `path` and the formatted text are copied. Whether it is an error or a warning follows from the
 * problem: those listed under "warnings" in the catalogue warn. */
void findings_add(struct findings *findings, enum problem_id problem, const char *path,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
