#pragma once

#include "base/err.h"
#include "base/str.h"

/* A file as bytes in memory, read by the system as they are touched. */

/* *out stays valid when the descriptor is closed. */
bool file_map(int fd, struct str *out, struct err *err) MUST_USE;
void file_unmap(struct str file); /* {NULL, 0} is allowed */
