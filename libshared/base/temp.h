#pragma once

#include "base/err.h"
#include "base/str.h"

#include <unistd.h>

/* Files without a name, in TMPDIR or /tmp: gone when they are closed, also by a crash. */

/* *out is open for reading and writing. ERR_UNAVAILABLE: there is no room for it now. */
bool temp_open(int *out, struct err *err) MUST_USE;

/* Writes all of it where the file stands. ERR_UNAVAILABLE as above. */
bool temp_write(int fd, struct str bytes, struct err *err) MUST_USE;

/* AUTO(fd) int fd = -1; */
static inline void auto_free_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}
