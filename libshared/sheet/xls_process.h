#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* The process that reads an XLS file: consign-xls-reader, which stands beside this program. */
struct xls_process;

/* `fd` is the file, borrowed. The process ends with the thread that started it. ERR_UNAVAILABLE:
 * the system has no room; ERR_INTERNAL: the program is not there. */
bool xls_process_start(int fd, struct xls_process **out, struct err *err) MUST_USE;

/* Reads exactly `n` bytes. False when the process has ended before, or gives nothing for 30
 * seconds: it is of no use then. */
bool xls_process_read(struct xls_process *process, void *to, size_t n) MUST_USE;

/* Ends the process, whatever it does. NULL is allowed. */
void xls_process_end(struct xls_process *process);
