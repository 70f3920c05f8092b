/* Whatever comes in: no crash, rows within the limits, a refusal that says why, and the same rows
 * however the file is read. */
#include "base/buf.h"
#include "sheet/analysis.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sheet_limits limits = {
    .rows = 1000, .columns = 50, .cell_bytes = 500, .row_bytes = 2000};

static void check_row(const struct sheet_row *row)
{
    if (row->number == 0 || row->line == 0 || row->count > limits.columns) {
        abort();
    }
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].text.n > limits.cell_bytes ||
            (row->cells[i].type == SHEET_EMPTY) != (row->cells[i].text.n == 0)) {
            abort();
        }
    }
}

static void add_row(struct buf *out, const struct sheet_row *row)
{
    buf_printf(out, "%" PRIu64 " %" PRIu64, row->number, row->line);
    for (size_t i = 0; i < row->count; i++) {
        buf_addc(out, '\0');
        buf_add(out, row->cells[i].text.p, row->cells[i].text.n);
    }
    buf_addc(out, '\n');
}

/* Adds what comes out of the file to `out`. */
static void read_all(int fd, size_t read_bytes, struct buf *out)
{
    const struct sheet_options options = {.fd = fd, .limits = limits, .read_bytes = read_bytes};
    struct sheet_fault fault = {0};
    struct sheet *sheet = NULL;
    struct err err = {0};
    bool end = false;
    bool ok = sheet_open(&options, &sheet, &fault, &err);

    while (ok && !end) {
        struct sheet_row row;

        ok = sheet_next(sheet, &row, &end, &fault, &err);
        if (ok && !end) {
            check_row(&row);
            add_row(out, &row);
        }
    }
    if (!ok) {
        if (err.kind != ERR_INVALID || !fault.code || !fault.message[0] || !fault.hint[0]) {
            abort();
        }
        buf_printf(out, "%s %" PRIu64 ":%" PRIu64, fault.code, fault.line, fault.column);
    }
    sheet_close(sheet);
}

static void read_preview(int fd)
{
    const struct sheet_options options = {.fd = fd, .limits = limits};
    AUTO(arena) struct arena *arena = arena_new();
    struct sheet_preview preview;
    struct sheet_fault fault;
    struct sheet *sheet;
    struct err err;

    if (sheet_open(&options, &sheet, &fault, &err)) {
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
    read_all(fd, 0, &at_once);
    read_all(fd, 1 + size % 13, &in_pieces);
    if (at_once.len != in_pieces.len ||
        (at_once.len && memcmp(at_once.data, in_pieces.data, at_once.len) != 0)) {
        abort();
    }
    read_preview(fd);
    close(fd);
    return 0;
}
