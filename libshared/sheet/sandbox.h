#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a process that parses a file is left with. */
struct sandbox {
    int input_fd;           /* may be read */
    int scratch_fd;         /* may be read and written; -1: there is none */
    int output_fd;          /* may be written */
    uint64_t scratch_bytes; /* that may be written to a file */
};

/* Leaves the process only that: nothing can be opened, there is no network and there are no other
 * processes, memory and time are bounded, and it ends with its parent. False when the kernel
 * refuses. */
bool sandbox_enter(const struct sandbox *sandbox);
