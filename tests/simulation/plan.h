#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What partners send in a world, and what they were answered: the measure of everything else. */

enum { PLAN_TENANTS = 2, PLAN_REQUESTS = 3, PLAN_ROWS = 6, PLAN_CODES = 3 };

enum answer {
    ANSWER_NONE,     /* not sent yet, or the connection broke: nobody knows */
    ANSWER_ACCEPTED, /* 202 */
    ANSWER_REFUSED,  /* 503, and the rows were not taken */
    ANSWER_BUSY,     /* 409: another request works on this key */
};

struct planned_row {
    int code; /* -1: the row has none, which is an error */
    char name[16];
};

struct request {
    bool has_key; /* an Idempotency-Key: is repeated until it is answered */
    bool is_over; /* nobody sends it any more */
    enum answer answer;
    unsigned tries;
    struct planned_row rows[PLAN_ROWS];
    size_t row_count;
};

struct tenant_plan {
    const char *name;
    struct request requests[PLAN_REQUESTS];
    size_t count;
    size_t next; /* requests are sent one after the other */
};

struct plan {
    struct tenant_plan tenants[PLAN_TENANTS];
    bool has_poison; /* a message that is no chunk lies in the topic */
};

/* Draws a plan from the world's seed. */
void plan_draw(struct plan *plan);
