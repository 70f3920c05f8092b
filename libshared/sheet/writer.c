#include "sheet/writer.h"

#include "sheet/writer_internal.h"

static const struct sheet_writer_format *const formats[] = {
    [SHEET_CSV] = &csv_writer,
    [SHEET_XLSX] = &xlsx_writer,
    [SHEET_XLS] = NULL,
};

bool sheet_writer_open(const struct sheet_writer_options *options, struct sheet_writer **out,
                       struct err *err)
{
    const struct sheet_writer_format *format = formats[options->format];
    AUTO(sheet_writer) struct sheet_writer *writer = NULL;

    if (!format) {
        return err_set(err, ERR_INVALID, "tables are not written as .%s",
                       sheet_format_name(options->format));
    }
    writer = mem_calloc(1, sizeof(*writer));
    writer->options = *options;
    writer->format = format;
    if (!format->open(writer, err)) {
        return false;
    }
    *out = STEAL(writer);
    return true;
}

void sheet_writer_close(struct sheet_writer *writer)
{
    if (writer) {
        writer->format->close(writer);
        mem_free(writer);
    }
}

bool sheet_write_header(struct sheet_writer *writer, const struct str *names, size_t count,
                        struct err *err)
{
    return writer->format->header(writer, names, count, err);
}

bool sheet_write_row(struct sheet_writer *writer, const struct sheet_cell *cells,
                     const bool *is_failed, size_t count, struct err *err)
{
    return writer->format->row(writer, cells, is_failed, count, err);
}

bool sheet_writer_finish(struct sheet_writer *writer, struct err *err)
{
    return writer->format->finish(writer, err);
}
