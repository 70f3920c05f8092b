#include "base/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

bool temp_open(int *out, struct err *err)
{
    const char *folder = getenv("TMPDIR");

    folder = folder && *folder ? folder : "/tmp";
    *out = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return *out >= 0 ||
           err_set(err, ERR_UNAVAILABLE, "a temporary file in %s: %s", folder, strerror(errno));
}

bool temp_write(int fd, struct str bytes, struct err *err)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);

        if (n < 0 && errno != EINTR) {
            return err_set(err, ERR_UNAVAILABLE, "writing a temporary file: %s", strerror(errno));
        }
        if (n > 0) {
            bytes = (struct str){bytes.p + n, bytes.n - (size_t)n};
        }
    }
    return true;
}
