#include "sheet/row_cells.h"

enum { FIRST_CAPACITY = 64 };

void row_cells_begin(struct row_cells *row)
{
    buf_clear(&row->text);
    row->count = 0;
}

static void reach(struct row_cells *row, size_t count)
{
    if (count > row->capacity) {
        size_t doubled = row->capacity ? 2 * row->capacity : FIRST_CAPACITY;

        row->capacity = count > doubled ? count : doubled;
        row->cells = mem_realloc(row->cells, row->capacity * sizeof(*row->cells));
        row->starts = mem_realloc(row->starts, row->capacity * sizeof(*row->starts));
    }
    for (; row->count < count; row->count++) {
        row->cells[row->count] = (struct sheet_cell){SHEET_EMPTY, STR("")};
    }
}

bool row_cells_put(struct row_cells *row, const struct sheet *sheet, struct sheet_cell cell,
                   struct sheet_place place, struct sheet_fault *fault, struct err *err)
{
    if (cell.text.n == 0) {
        return true;
    }
    if (!sheet_check_columns(sheet, place.column, place.line, fault, err) ||
        !sheet_check_cell(sheet, cell.text.n, place, fault, err) ||
        !sheet_check_row(sheet, row->text.len + cell.text.n, place.line, fault, err)) {
        return false;
    }
    reach(row, place.column);
    row->starts[place.column - 1] = row->text.len;
    row->cells[place.column - 1] = cell;
    buf_add(&row->text, cell.text.p, cell.text.n);
    return true;
}

const struct sheet_cell *row_cells_end(struct row_cells *row)
{
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].text.n > 0) {
            row->cells[i].text.p = row->text.data + row->starts[i];
        }
    }
    return row->cells;
}

void row_cells_done(struct row_cells *row)
{
    buf_done(&row->text);
    mem_free(row->cells);
    mem_free(row->starts);
}
