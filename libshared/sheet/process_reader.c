#include "sheet/frame_reader.h"
#include "sheet/process.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { WAIT_MS = 120000, SPARE_BYTES = 1 << 20 };

struct process_state {
    struct process process;
    struct frame_reader frames;
};

static bool process_prepare(struct sheet *sheet, struct err *err)
{
    struct process process;

    if (!process_start(&sheet->options, sheet->scratch_fd, &process, err)) {
        return false;
    }
    struct process_state *state = mem_calloc(1, sizeof(*state));

    state->process = process;
    frame_reader_init(&state->frames, process.output_fd, WAIT_MS);
    sheet->state = state;
    return true;
}

static bool process_open(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    struct process_state *state = sheet->state;

    (void)fault; /* comes instead of the first row */
    return frame_reader_begin(&state->frames) ||
           err_set(err, ERR_UNAVAILABLE, "the process that parses files ends before it begins");
}

static bool has_room(int fd)
{
    struct stat stat;

    return fstat(fd, &stat) == 0 && posix_fallocate(fd, stat.st_size, SPARE_BYTES) == 0;
}

static bool process_next(struct sheet *sheet, struct sheet_row *row, bool *end,
                         struct sheet_fault *fault, struct err *err)
{
    struct process_state *state = sheet->state;

    if (frame_reader_next(&state->frames, sheet, row, end, fault, err)) {
        return true;
    }
    /* What a process that has ended would say of the reason could be the file's own words. */
    if (state->frames.is_broken && sheet->scratch_fd >= 0 && !has_room(sheet->scratch_fd)) {
        *fault = (struct sheet_fault){0};
        return err_set(err, ERR_UNAVAILABLE, "no room for a temporary file");
    }
    return false;
}

static void process_close(struct sheet *sheet)
{
    struct process_state *state = sheet->state;

    process_end(&state->process);
    frame_reader_done(&state->frames);
    mem_free(state);
}

const struct sheet_reader process_reader = {process_prepare, process_open, process_next,
                                            process_close};
