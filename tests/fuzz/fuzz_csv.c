/* Whatever comes in: no crash, rows within the limits, a refusal that says why, and the same rows
 * however the file is read. */
#include "fuzz/table.h"

#include "sheet/analysis.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_preview(int fd)
{
    const struct sheet_options options = {.fd = fd, .limits = fuzz_limits};
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_preview preview;
    struct sheet_fault fault;
    struct sheet *sheet;
    struct err err;

    if (sheet_open_with(&sheet_parser, &options, &sheet, &fault, &err)) {
        if (sheet_read_preview(sheet, 15, arena, &preview, &fault, &err) &&
            preview.column_count != sheet_header(sheet)->count) {
            abort();
        }
        sheet_close(sheet);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) struct buf at_once = {0};
    AUTO(buf) struct buf in_pieces = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    struct sheet_options options = {.fd = fd, .limits = fuzz_limits};

    fuzz_read_table(&options, &at_once);
    options.read_bytes = 1 + size % 13;
    fuzz_read_table(&options, &in_pieces);
    if (at_once.len != in_pieces.len ||
        (at_once.len && memcmp(at_once.data, in_pieces.data, at_once.len) != 0)) {
        abort();
    }
    read_preview(fd);
    close(fd);
    return 0;
}
