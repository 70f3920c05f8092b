#include "crash_points.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crash_point(const char *name)
{
    static atomic_ulong reached;
    const char *armed = getenv("CONSIGN_CRASHPOINT");

    if (!armed) {
        return;
    }
    if (strcmp(armed, "trace") == 0) {
        dprintf(STDERR_FILENO, "crash point %s\n", name);
        return;
    }
    size_t n = strcspn(armed, ":");
    unsigned long wanted = armed[n] ? strtoul(armed + n + 1, NULL, 10) : 1;

    if (strlen(name) == n && memcmp(name, armed, n) == 0 &&
        atomic_fetch_add(&reached, 1) + 1 == wanted) {
        kill(getpid(), SIGKILL);
    }
}
