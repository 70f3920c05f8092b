#include "sheet/writer_internal.h"

#include "base/buf.h"
#include "domain/csv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_BYTES = 64 * 1024 };

struct csv_output {
    struct buf text;   /* not yet in the file */
    struct str *cells; /* of one row */
    size_t capacity;
};

static bool flush(struct sheet_writer *writer, struct err *err)
{
    struct csv_output *output = writer->state;
    size_t done = 0;

    while (done < output->text.len) {
        ssize_t n = write(writer->options.fd, output->text.data + done, output->text.len - done);

        if (n < 0 && errno != EINTR) {
            return err_set(err, errno == ENOSPC ? ERR_UNAVAILABLE : ERR_INTERNAL,
                           "cannot write the file: %s", strerror(errno));
        }
        done += n > 0 ? (size_t)n : 0;
    }
    buf_clear(&output->text);
    return true;
}

static bool open_csv(struct sheet_writer *writer, struct err *err)
{
    struct csv_output *output = mem_calloc(1, sizeof(*output));

    (void)err;
    writer->state = output;
    /* Without it Excel takes the file for one in the code page of the machine. */
    buf_adds(&output->text, "\xef\xbb\xbf");
    return true;
}

static bool write_line(struct sheet_writer *writer, const struct str *cells, size_t count,
                       struct err *err)
{
    struct csv_output *output = writer->state;

    csv_write_line(&output->text, cells, count);
    return output->text.len < FLUSH_BYTES || flush(writer, err);
}

static bool write_row(struct sheet_writer *writer, const struct sheet_cell *cells,
                      const bool *is_failed, size_t count, struct err *err)
{
    struct csv_output *output = writer->state;

    (void)is_failed; /* CSV knows no colours */
    if (count > output->capacity) {
        output->capacity = count;
        output->cells = mem_realloc(output->cells, count * sizeof(*output->cells));
    }
    for (size_t i = 0; i < count; i++) {
        output->cells[i] = cells[i].text;
    }
    return write_line(writer, output->cells, count, err);
}

static void close_csv(struct sheet_writer *writer)
{
    struct csv_output *output = writer->state;

    buf_done(&output->text);
    mem_free(output->cells);
    mem_free(output);
}

const struct sheet_writer_format csv_writer = {
    .open = open_csv,
    .header = write_line,
    .row = write_row,
    .finish = flush,
    .close = close_csv,
};
