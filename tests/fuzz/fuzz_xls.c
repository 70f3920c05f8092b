/* Whatever stands in an XLS file: no crash, whole frames, and an end that says how it went. */
#include "xls/xls_book.h"
#include "xls/xls_bytes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct taken {
    size_t bytes;
    char last;
};

enum { MOST_BYTES = 1 << 24 };

/* Stops a file whose cells all show one long text. */
static bool take(void *ctx, struct str frame)
{
    struct taken *taken = ctx;

    if (frame.n < XLS_FRAME_HEAD_BYTES || xls_u32(frame.p + 1) != frame.n - XLS_FRAME_HEAD_BYTES ||
        taken->last == XLS_FRAME_END || taken->last == XLS_FRAME_REFUSED) {
        abort();
    }
    taken->bytes += frame.n;
    taken->last = frame.p[0];
    return taken->bytes <= MOST_BYTES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct taken taken = {0};
    const struct xls_sink sink = {take, &taken};
    bool done = xls_book_write((struct str){(const char *)data, size}, &sink);

    if (done && taken.last != XLS_FRAME_END && taken.last != XLS_FRAME_REFUSED) {
        abort();
    }
    return 0;
}
