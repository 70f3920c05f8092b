#pragma once

#include "simulation/plan.h"

/* The programs of Consign as processes of the world, and the partners that call them. */

/* Makes the tenants, the poison, and all processes for the plan, which must outlive the world. */
void services_spawn(struct plan *plan);
