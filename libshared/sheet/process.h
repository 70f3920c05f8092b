#pragma once

#include "sheet/sheet.h"

#include <sys/types.h>

/* The process that reads a file: consign-sheet-reader, which stands beside this program. */
struct process {
    pid_t pid;
    int output_fd; /* its standard output */
};

/* The files of `options` and the scratch file, or -1, are borrowed. The process ends with the
 * thread that started it. ERR_UNAVAILABLE: the system has no room; ERR_INTERNAL: the program is not
 * there. */
bool process_start(const struct sheet_options *options, int scratch_fd, struct process *out,
                   struct err *err) MUST_USE;

/* Ends the process, whatever it does. */
void process_end(struct process *process);
