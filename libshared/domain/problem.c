#include "domain/problem.h"

#include <stddef.h>
#include <string.h>

#define PROBLEM_ENTRY(code, status, title, advice) {#code, status, title, advice},

static const struct problem problems[] = {PROBLEMS(PROBLEM_ENTRY)};

const struct problem *problem_get(enum problem_id id)
{
    return &problems[id];
}

enum problem_id problem_id_of(const struct problem *problem)
{
    return (enum problem_id)(problem - problems);
}

bool problem_is_warning(enum problem_id id)
{
    return id >= PROBLEM_address_dropped;
}

const struct problem *problem_find(const char *code)
{
    for (size_t i = 0; i < PROBLEM_COUNT; i++) {
        if (strcmp(problems[i].code, code) == 0) {
            return &problems[i];
        }
    }
    return NULL;
}
