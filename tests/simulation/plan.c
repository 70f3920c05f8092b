#include "simulation/plan.h"

#include "simulation/world.h"

#include <stdio.h>

static void draw_request(struct request *request, unsigned *named)
{
    *request =
        (struct request){.has_key = world_random(4) > 0, .row_count = 1 + world_random(PLAN_ROWS)};
    for (size_t i = 0; i < request->row_count; i++) {
        request->rows[i].code = (int)world_random(PLAN_CODES * 4) / 4;
        if (world_random(12) == 0) {
            request->rows[i].code = -1;
        }
        snprintf(request->rows[i].name, sizeof(request->rows[i].name), "name %u", ++*named);
    }
}

void plan_draw(struct plan *plan)
{
    static const char *const names[PLAN_TENANTS] = {"acme", "globex"};
    unsigned named = 0;

    *plan = (struct plan){.has_poison = world_random(16) == 0};
    for (size_t i = 0; i < PLAN_TENANTS; i++) {
        struct tenant_plan *tenant = &plan->tenants[i];

        tenant->name = names[i];
        tenant->count = 1 + world_random(PLAN_REQUESTS);
        for (size_t k = 0; k < tenant->count; k++) {
            draw_request(&tenant->requests[k], &named);
        }
    }
}
