#pragma once

#include <stdbool.h>

/* Leaves the process only what reading a file in memory takes: no files, no network, no other
 * processes, bounded memory and time; it ends with its parent. False when the kernel refuses. */
bool xls_sandbox_enter(void);
