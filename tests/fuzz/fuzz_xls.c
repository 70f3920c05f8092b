/* Whatever stands in an XLS file: no crash, and cells that come by rows and columns, or a refusal.
 */
#include "xls/xls_book.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BYTES = 1 << 24 };

/* Looks at every byte, so that one which is not there is noticed. */
static size_t weigh(struct str text)
{
    size_t sum = 0;

    for (size_t i = 0; i < text.n; i++) {
        sum += (unsigned char)text.p[i];
    }
    return sum;
}

static void read_cells(struct xls_book *book)
{
    struct xls_cell cell = {0};
    struct xls_cell last = {0};
    size_t bytes = 0;
    uint16_t row;

    /* Stops a file whose cells all show one long text. */
    while (bytes < MOST_BYTES && xls_book_next_row(book, &row) &&
           xls_book_next(book, &cell) == XLS_OK) {
        if (cell.row != row || cell.row < last.row ||
            (cell.row == last.row && cell.column < last.column) ||
            weigh(cell.text) > UINT8_MAX * cell.text.n) {
            abort();
        }
        bytes += cell.text.n + 1;
        last = cell;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xls_book *book = NULL;

    if (xls_book_open((struct str){(const char *)data, size}, &book) == XLS_OK) {
        const struct xls_globals *globals = xls_book_globals(book);

        for (size_t i = 0; i + 2 <= globals->styles.len; i += 2) {
            struct str code = xls_format_code(globals, xls_u16(globals->styles.data + i));

            if (weigh(code) > UINT8_MAX * code.n) {
                abort();
            }
        }
        read_cells(book);
    }
    xls_book_close(book);
    return 0;
}
