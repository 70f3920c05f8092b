#include "xls/xls_book.h"

#include "xls/xls_cells.h"
#include "xls/xls_container.h"

/* One frame after the other in the same buffer. */
struct frames {
    const struct xls_sink *sink;
    struct buf frame;
};

static void begin(struct frames *frames, enum xls_frame kind)
{
    buf_clear(&frames->frame);
    xls_put(&frames->frame, kind, 1);
    xls_put(&frames->frame, 0, 4); /* its length, when it is known */
}

static enum xls_refusal send(struct frames *frames)
{
    struct buf *frame = &frames->frame;
    uint32_t n = (uint32_t)(frame->len - XLS_FRAME_HEAD_BYTES);

    for (size_t i = 0; i < sizeof(n); i++) {
        frame->data[1 + i] = (char)(n >> 8 * i & 0xFF);
    }
    return frames->sink->take(frames->sink->ctx, (struct str){frame->data, frame->len})
               ? XLS_OK
               : XLS_NOT_WRITTEN;
}

static enum xls_refusal send_globals(struct frames *frames, const struct xls_globals *globals)
{
    enum xls_refusal refusal;

    begin(frames, XLS_FRAME_WORKBOOK);
    xls_put(&frames->frame, globals->is_1904, 1);
    xls_put(&frames->frame, globals->code_page, 2);
    refusal = send(frames);
    for (size_t i = 0; refusal == XLS_OK && i + 2 <= globals->styles.len; i += 2) {
        uint16_t number = xls_u16(globals->styles.data + i);
        struct str code = xls_format_code(globals, number);

        begin(frames, XLS_FRAME_FORMAT);
        xls_put(&frames->frame, number, 2);
        buf_add(&frames->frame, code.p, code.n);
        refusal = send(frames);
    }
    return refusal;
}

static enum xls_refusal send_rows(struct frames *frames, struct str stream,
                                  const struct xls_globals *globals, const struct buf *refs)
{
    const struct xls_cell_ref *cells = (const void *)refs->data;
    size_t count = refs->len / sizeof(*cells);
    enum xls_refusal refusal = XLS_OK;
    size_t i = 0;

    while (refusal == XLS_OK && i < count) {
        uint16_t row = cells[i].row;

        begin(frames, XLS_FRAME_ROW);
        xls_put(&frames->frame, row, 2);
        for (; i < count && cells[i].row == row; i++) {
            if (!xls_cell_write(stream, globals, &cells[i], &frames->frame)) {
                return XLS_DAMAGED;
            }
        }
        refusal = send(frames);
    }
    return refusal;
}

static enum xls_refusal write_sheet(struct frames *frames, struct str stream,
                                    struct xls_globals *globals, struct buf *refs)
{
    enum xls_refusal refusal = xls_globals_read(stream, globals);

    if (refusal == XLS_OK) {
        refusal = xls_cells_find(stream, globals->sheet_at, refs);
    }
    if (refusal == XLS_OK) {
        refusal = send_globals(frames, globals);
    }
    return refusal == XLS_OK ? send_rows(frames, stream, globals, refs) : refusal;
}

static bool send_outcome(struct frames *frames, enum xls_refusal refusal)
{
    if (refusal == XLS_NOT_WRITTEN) {
        return false;
    }
    begin(frames, refusal == XLS_OK ? XLS_FRAME_END : XLS_FRAME_REFUSED);
    if (refusal != XLS_OK) {
        xls_put(&frames->frame, refusal, 1);
    }
    return send(frames) == XLS_OK;
}

bool xls_book_write(struct str file, const struct xls_sink *sink)
{
    struct frames frames = {.sink = sink};
    struct xls_globals globals = {0};
    AUTO(buf) struct buf workbook = {0};
    AUTO(buf) struct buf refs = {0};
    enum xls_refusal refusal = xls_container_read(file, &workbook);

    if (refusal == XLS_OK) {
        refusal = write_sheet(&frames, (struct str){workbook.data, workbook.len}, &globals, &refs);
    }
    bool done = send_outcome(&frames, refusal);

    xls_globals_done(&globals);
    buf_done(&frames.frame);
    return done;
}
