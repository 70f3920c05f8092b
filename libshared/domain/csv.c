#include "domain/csv.h"

#include <string.h>

static void write_cell(struct buf *out, struct str cell)
{
    bool is_formula = cell.n > 0 && memchr("=+-@\t\r", cell.p[0], 6);
    bool needs_quotes = is_formula;

    for (size_t i = 0; i < cell.n && !needs_quotes; i++) {
        needs_quotes = memchr(",\"\r\n", cell.p[i], 4) != NULL;
    }
    if (!needs_quotes) {
        buf_add(out, cell.p, cell.n);
        return;
    }
    buf_adds(out, is_formula ? "\"'" : "\"");
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] == '"') {
            buf_addc(out, '"');
        }
        buf_addc(out, cell.p[i]);
    }
    buf_addc(out, '"');
}

void csv_write_line(struct buf *out, const struct str *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_addc(out, ',');
        }
        write_cell(out, cells[i]);
    }
    buf_adds(out, "\r\n");
}
