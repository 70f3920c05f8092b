#include "domain/finding.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct finding *next_slot(struct findings *findings)
{
    if (findings->count == findings->cap) {
        size_t cap = findings->cap ? findings->cap * 2 : 4;
        struct finding *items = arena_calloc(findings->arena, cap, sizeof(*items));

        if (findings->count) {
            memcpy(items, findings->items, findings->count * sizeof(*items));
        }
        findings->items = items;
        findings->cap = cap;
    }
    return &findings->items[findings->count++];
}

void findings_add(struct findings *findings, enum problem_id problem, const char *path,
                  const char *fmt, ...)
{
    struct finding *finding = next_slot(findings);
    char text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    utf8_mend(text);
    finding->problem = problem;
    finding->text = arena_strdup(findings->arena, text);
    finding->path = arena_strdup(findings->arena, path);
    finding->is_warning = problem_is_warning(problem);
    if (finding->is_warning) {
        findings->warnings++;
    } else {
        findings->errors++;
    }
}
