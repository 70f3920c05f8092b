#pragma once

#include "base/buf.h"
#include "sheet/sheet_internal.h"

#include <inttypes.h>
#include <stdlib.h>

/* What holds for every table, whatever its format: the fuzzers of the formats share it. */

static const struct sheet_limits fuzz_limits = {
    .rows = 1000, .columns = 50, .cell_bytes = 500, .row_bytes = 2000, .unpacked_bytes = 1 << 22};

static inline void fuzz_check_row(const struct sheet_row *row)
{
    if (row->number == 0 || row->line == 0 || row->count > fuzz_limits.columns) {
        abort();
    }
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].text.n > fuzz_limits.cell_bytes ||
            (row->cells[i].type == SHEET_EMPTY) != (row->cells[i].text.n == 0)) {
            abort();
        }
    }
}

static inline void fuzz_add_row(struct buf *out, const struct sheet_row *row)
{
    buf_printf(out, "%" PRIu64 " %" PRIu64, row->number, row->line);
    for (size_t i = 0; i < row->count; i++) {
        buf_addc(out, '\0');
        buf_add(out, row->cells[i].text.p, row->cells[i].text.n);
    }
    buf_addc(out, '\n');
}

/* Adds what comes out of the file to `out`. */
static inline void fuzz_read_table(const struct sheet_options *options, struct buf *out)
{
    struct sheet_fault fault = {0};
    struct sheet *sheet = NULL;
    struct err err = {0};
    bool end = false;
    bool ok = sheet_open_with(&sheet_parser, options, &sheet, &fault, &err);

    while (ok && !end) {
        struct sheet_row row;

        ok = sheet_next(sheet, &row, &end, &fault, &err);
        if (ok && !end) {
            fuzz_check_row(&row);
            fuzz_add_row(out, &row);
        }
    }
    if (!ok) {
        if (err.kind != ERR_INVALID || !fault.code[0] || !fault.message[0] || !fault.hint[0]) {
            abort();
        }
        buf_printf(out, "%s %" PRIu64 ":%" PRIu64, fault.code, fault.line, fault.column);
    }
    sheet_close(sheet);
}
