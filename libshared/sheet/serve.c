#include "sheet/serve.h"

#include "sheet/frames.h"
#include "sheet/sandbox.h"
#include "sheet/sheet_internal.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { WRITE_BYTES = 64 * 1024 };

struct serving {
    struct sheet sheet;
    int output_fd;
    struct buf frames; /* not yet written */
    struct sheet_dialect told;
};

static bool flush(struct serving *serving)
{
    struct str left = {serving->frames.data, serving->frames.len};

    while (left.n > 0) {
        ssize_t n = write(serving->output_fd, left.p, left.n);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            left = (struct str){left.p + n, left.n - (size_t)n};
        }
    }
    buf_clear(&serving->frames);
    return true;
}

static void add_head(struct serving *serving, enum frame_kind kind, size_t bytes)
{
    struct frame_head head = {kind, (uint32_t)bytes};

    buf_add(&serving->frames, &head, sizeof(head));
}

static void add_dialect(struct serving *serving)
{
    const struct sheet_dialect *now = &serving->sheet.dialect;
    struct dialect_frame frame = {.delimiter = now->delimiter, .has_bom = now->has_bom};

    if (now->encoding == serving->told.encoding) {
        return; /* nothing else changes on the way */
    }
    snprintf(frame.encoding, sizeof(frame.encoding), "%s", now->encoding);
    add_head(serving, FRAME_DIALECT, sizeof(frame));
    buf_add(&serving->frames, &frame, sizeof(frame));
    serving->told = *now;
}

static void add_row(struct serving *serving, const struct sheet_row *row)
{
    struct row_frame frame = {row->number, row->line, row->count};
    size_t bytes = sizeof(frame) + row->count * sizeof(struct cell_frame);

    for (size_t i = 0; i < row->count; i++) {
        bytes += row->cells[i].text.n;
    }
    add_head(serving, FRAME_ROW, bytes);
    buf_add(&serving->frames, &frame, sizeof(frame));
    for (size_t i = 0; i < row->count; i++) {
        struct cell_frame cell = {row->cells[i].type, (uint32_t)row->cells[i].text.n};

        buf_add(&serving->frames, &cell, sizeof(cell));
    }
    for (size_t i = 0; i < row->count; i++) {
        buf_add(&serving->frames, row->cells[i].text.p, row->cells[i].text.n);
    }
}

static bool write_ready(struct serving *serving)
{
    add_head(serving, FRAME_READY, 0);
    return flush(serving);
}

/* False when the other side takes no more, or when the machine is in trouble. */
static bool write_table(struct serving *serving)
{
    struct sheet *sheet = &serving->sheet;
    struct sheet_fault fault = {0};
    struct err err;
    struct sheet_row row;
    bool end = false;
    bool is_well = sheet->reader->open(sheet, &fault, &err);

    while (is_well && !end) {
        is_well = sheet->reader->next(sheet, &row, &end, &fault, &err);
        if (is_well) {
            add_dialect(serving);
        }
        if (is_well && !end) {
            add_row(serving, &row);
        }
        if (serving->frames.len >= WRITE_BYTES && !flush(serving)) {
            return false;
        }
    }
    if (!is_well && err.kind != ERR_INVALID) {
        return false;
    }
    if (is_well) {
        add_head(serving, FRAME_END, 0);
    } else {
        add_head(serving, FRAME_FAULT, sizeof(fault));
        buf_add(&serving->frames, &fault, sizeof(fault));
    }
    return flush(serving);
}

bool sheet_serve(const struct serve_options *options)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct serving serving = {
        .sheet = {.options = options->sheet,
                  .reader = &sheet_parser,
                  .scratch_fd = options->scratch_fd,
                  .arena = arena},
        .output_fd = options->output_fd,
    };
    struct sheet *sheet = &serving.sheet;
    const struct sandbox sandbox = {.input_fd = sheet->options.fd,
                                    .scratch_fd = options->scratch_fd,
                                    .output_fd = options->output_fd,
                                    .scratch_bytes = sheet->options.limits.unpacked_bytes};
    struct err err;
    bool done = sheet->reader->prepare(sheet, &err) && sandbox_enter(&sandbox) &&
                write_ready(&serving) && write_table(&serving);

    if (sheet->state) {
        sheet->reader->close(sheet);
    }
    buf_done(&serving.frames);
    return done;
}
