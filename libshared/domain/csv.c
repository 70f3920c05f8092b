#include "domain/csv.h"

#include <string.h>

static size_t digits_at(struct str cell, size_t i)
{
    size_t n = 0;

    while (i + n < cell.n && cell.p[i + n] >= '0' && cell.p[i + n] <= '9') {
        n++;
    }
    return n;
}

static bool is_signed_number(struct str cell)
{
    size_t whole = digits_at(cell, 1);
    size_t i = 1 + whole;

    if (i < cell.n && (cell.p[i] == '.' || cell.p[i] == ',')) {
        i += 1 + digits_at(cell, i + 1);
    }
    return (cell.p[0] == '-' || cell.p[0] == '+') && whole > 0 && i == cell.n;
}

static bool starts_formula(struct str cell)
{
    return cell.n > 0 && memchr("=+-@\t\r", cell.p[0], 6) && !is_signed_number(cell);
}

/* Readers may take away spaces around a cell, and guess the separator by what stands unquoted. */
static bool needs_quotes(struct str cell)
{
    if (cell.n > 0 && (cell.p[0] == ' ' || cell.p[cell.n - 1] == ' ')) {
        return true;
    }
    for (size_t i = 0; i < cell.n; i++) {
        if (memchr(",;|\t\"\r\n", cell.p[i], 7)) {
            return true;
        }
    }
    return false;
}

static void write_cell(struct buf *out, struct str cell)
{
    bool is_formula = starts_formula(cell);

    if (!is_formula && !needs_quotes(cell)) {
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
