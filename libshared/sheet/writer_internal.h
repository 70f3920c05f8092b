#pragma once

#include "sheet/writer.h"

/* What a format offers for writing. */
struct sheet_writer_format {
    /* Makes writer->state. */
    bool (*open)(struct sheet_writer *writer, struct err *err);
    bool (*header)(struct sheet_writer *writer, const struct str *names, size_t count,
                   struct err *err);
    bool (*row)(struct sheet_writer *writer, const struct sheet_cell *cells, const bool *is_failed,
                size_t count, struct err *err);
    bool (*finish)(struct sheet_writer *writer, struct err *err);

    /* Frees writer->state, which is NULL if open failed before it made one. */
    void (*close)(struct sheet_writer *writer);
};

extern const struct sheet_writer_format csv_writer;
extern const struct sheet_writer_format xlsx_writer;

struct sheet_writer {
    struct sheet_writer_options options;
    const struct sheet_writer_format *format;
    void *state; /* of the format */
};
