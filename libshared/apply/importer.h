#pragma once

struct entity;

/* An importer program: consumes the chunks of one entity and applies them until it is told to stop.
 */
struct importer {
    const char *program; /* also its consumer group */
    const char *topic;
    const struct entity *entity;
};

/* The whole of main(): returns the exit status. */
int importer_main(const struct importer *importer);
