/* Whatever a process that reads files writes: no crash, rows within the limits whose texts are
 * UTF-8 without zero bytes, or a fault that can be shown. The first byte picks the format. */
#include "fuzz/table.h"

#include "sheet/frame_reader.h"

#include <bson/bson.h>

#include <ctype.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_texts(const struct sheet_row *row)
{
    fuzz_check_row(row);
    for (size_t i = 0; i < row->count; i++) {
        if (!bson_utf8_validate(row->cells[i].text.p, row->cells[i].text.n, false)) {
            abort();
        }
    }
}

static void check_fault(const struct sheet_fault *fault)
{
    for (const char *c = fault->code; *c; c++) {
        if (!isupper((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_') {
            abort();
        }
    }
    if (!fault->code[0] || !fault->message[0] || !fault->hint[0] ||
        !bson_utf8_validate(fault->message, strlen(fault->message), false) ||
        !bson_utf8_validate(fault->hint, strlen(fault->hint), false)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct sheet sheet = {.options = {.limits = fuzz_limits}};
    struct frame_reader reader;
    struct sheet_fault fault = {0};
    struct sheet_row row;
    struct err err = {0};
    bool end = false;
    bool ok = true;

    if (fd < 0 || size == 0 || pwrite(fd, data + 1, size - 1, 0) != (ssize_t)size - 1) {
        close(fd);
        return 0;
    }
    sheet.options.format = data[0] % 3;
    frame_reader_init(&reader, fd, 1000);
    while (ok && !end) {
        ok = frame_reader_next(&reader, &sheet, &row, &end, &fault, &err);
        if (ok && !end) {
            check_texts(&row);
        }
    }
    if (!ok) {
        check_fault(&fault);
    }
    frame_reader_done(&reader);
    close(fd);
    return 0;
}
