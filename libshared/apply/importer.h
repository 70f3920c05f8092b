#pragma once

#include <stdbool.h>

struct entity;

/* An importer program: consumes the chunks of a topic and applies them until it is told to stop. */
struct importer {
    const char *program; /* also its consumer group */
    const char *topic;
    const struct entity *const *entities; /* as in apply_options */
    bool forwards_products;
};

/* The whole of main(): returns the exit status. */
int importer_main(const struct importer *importer);
