#pragma once

#include "sheet/frames.h"
#include "sheet/sheet_internal.h"

#include "base/buf.h"

/*
 * Frames as they come from a process that may have been taken over by the file: nothing in them is
 * believed before it is checked. What is no table within the limits is "<FORMAT>_UNREADABLE".
 */
struct frame_reader {
    int fd;      /* borrowed */
    int wait_ms; /* for the next bytes */
    char *bytes; /* out of `fd`; those from `at` to `filled` are not yet taken */
    size_t capacity;
    size_t at;
    size_t filled;
    struct buf text; /* of the row */
    struct sheet_cell *cells;
    size_t cell_capacity;
    uint64_t number; /* of the last row */
    uint64_t line;
    bool is_over;   /* the end was taken */
    bool is_broken; /* the frames cannot be read further; not: a fault was told */
};

void frame_reader_init(struct frame_reader *reader, int fd, int wait_ms);
void frame_reader_done(struct frame_reader *reader);

/* Waits until the process is in its sandbox. False when it does not come so far; the file is not to
 * blame then. Call first. */
bool frame_reader_begin(struct frame_reader *reader) MUST_USE;

/* The next row, valid until the next call, or *end. Sets the dialect of `sheet`, whose format and
 * limits hold. */
bool frame_reader_next(struct frame_reader *reader, struct sheet *sheet, struct sheet_row *row,
                       bool *end, struct sheet_fault *fault, struct err *err) MUST_USE;
