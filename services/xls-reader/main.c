/*
 * consign-xls-reader 3< FILE: writes the first sheet of an XLS file as frames (xls/xls_wire.h).
 * A process of its own, started for one file by whoever reads tables: its format is old and
 * crooked, and what breaks here takes nothing else along.
 */
#include "xls/xls_book.h"
#include "xls/xls_sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT = 3 };

static bool write_all(void *ctx, struct str frame)
{
    (void)ctx;
    while (frame.n > 0) {
        ssize_t n = write(STDOUT_FILENO, frame.p, frame.n);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            frame = (struct str){frame.p + n, frame.n - (size_t)n};
        }
    }
    return true;
}

int main(void)
{
    static const struct xls_sink sink = {.take = write_all};
    struct stat stat;

    if (fstat(INPUT, &stat) != 0 || stat.st_size <= 0) {
        return EXIT_FAILURE;
    }
    void *file = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, INPUT, 0);

    if (file == MAP_FAILED || !xls_sandbox_enter() ||
        !xls_book_write((struct str){file, (size_t)stat.st_size}, &sink)) {
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
