/* Whatever stands in an XLS file: no crash, rows within the limits, or a refusal that says why. */
#include "fuzz/table.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) struct buf table = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    const struct sheet_options options = {.fd = fd, .format = SHEET_XLS, .limits = fuzz_limits};

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    fuzz_read_table(&options, &table);
    close(fd);
    return 0;
}
