#include "simulation/simulate.h"

#include "simulation/check.h"
#include "simulation/models.h"
#include "simulation/services.h"

const char *simulate(uint64_t seed, enum mutation mutation, bool trace)
{
    struct plan plan;

    world_begin(seed, mutation, trace);
    store_model_begin();
    bus_model_begin();
    search_model_begin();
    plan_draw(&plan);
    services_spawn(&plan);
    world_run();
    if (!world_violation()) {
        check_end(&plan);
    }
    return world_violation();
}
