#include "xls/xls_book.h"

#include "xls/xls_container.h"

struct xls_book {
    struct buf stream;
    struct xls_globals globals;
    struct buf refs; /* struct xls_cell_ref for each cell */
    size_t next;     /* of these */
    struct buf text; /* of the cell that was read last */
};

static struct str stream_of(const struct xls_book *book)
{
    return (struct str){book->stream.data, book->stream.len};
}

static enum xls_refusal read_book(struct xls_book *book, struct str file)
{
    enum xls_refusal refusal = xls_container_read(file, &book->stream);

    if (refusal == XLS_OK) {
        refusal = xls_globals_read(stream_of(book), &book->globals);
    }
    return refusal == XLS_OK ? xls_cells_find(stream_of(book), book->globals.sheet_at, &book->refs)
                             : refusal;
}

enum xls_refusal xls_book_open(struct str file, struct xls_book **out)
{
    struct xls_book *book = mem_calloc(1, sizeof(*book));
    enum xls_refusal refusal = read_book(book, file);

    if (refusal == XLS_OK) {
        *out = book;
    } else {
        xls_book_close(book);
    }
    return refusal;
}

void xls_book_close(struct xls_book *book)
{
    if (book) {
        buf_done(&book->stream);
        xls_globals_done(&book->globals);
        buf_done(&book->refs);
        buf_done(&book->text);
        mem_free(book);
    }
}

const struct xls_globals *xls_book_globals(const struct xls_book *book)
{
    return &book->globals;
}

/* NULL behind the last cell. */
static const struct xls_cell_ref *next_ref(const struct xls_book *book)
{
    const struct xls_cell_ref *refs = (const void *)book->refs.data;

    return book->next < book->refs.len / sizeof(*refs) ? &refs[book->next] : NULL;
}

bool xls_book_next_row(const struct xls_book *book, uint16_t *row)
{
    const struct xls_cell_ref *ref = next_ref(book);

    if (ref) {
        *row = ref->row;
    }
    return ref != NULL;
}

enum xls_refusal xls_book_next(struct xls_book *book, struct xls_cell *out)
{
    const struct xls_cell_ref *ref = next_ref(book);

    book->next++;
    return xls_cell_read(stream_of(book), &book->globals, ref, out, &book->text) ? XLS_OK
                                                                                 : XLS_DAMAGED;
}
