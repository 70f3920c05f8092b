#include "sheet/sheet_internal.h"

#include <errno.h>
#include <unistd.h>

static const struct {
    const struct sheet_reader *reader;
    unsigned contents; /* bits of enum sheet_content that the reader wants to see */
} formats[] = {
    [SHEET_CSV] = {&csv_reader, 1U << SHEET_CONTENT_TEXT},
    [SHEET_XLSX] = {&xlsx_reader, 1U << SHEET_CONTENT_ZIP | 1U << SHEET_CONTENT_OLE2},
    [SHEET_XLS] = {&xls_reader, 1U << SHEET_CONTENT_OLE2},
};

static const struct sheet_reader *reader_of(const struct sheet *sheet)
{
    return formats[sheet->options.format].reader;
}

static bool check_content(const struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    static const struct sheet_flaw empty = {
        "FILE_EMPTY", "Check that the export has run to its end, and send the file again."};
    char head[SHEET_CONTENT_BYTES];
    ssize_t n = pread(sheet->options.fd, head, sizeof(head), 0);
    enum sheet_content content;

    if (n < 0) {
        return err_set(err, ERR_INTERNAL, "cannot read the file: %s", strerror(errno));
    }
    if (n == 0) {
        return sheet_refuse(fault, err, &empty, (struct sheet_place){0}, "The file is empty.");
    }
    content = sheet_content_of((struct str){head, (size_t)n});
    return (formats[sheet->options.format].contents & 1U << content) != 0 ||
           sheet_refuse_content(sheet, content, fault, err);
}

static bool parser_prepare(struct sheet *sheet, struct err *err)
{
    return reader_of(sheet)->prepare(sheet, err);
}

static bool parser_open(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    return check_content(sheet, fault, err) && reader_of(sheet)->open(sheet, fault, err);
}

static bool parser_next(struct sheet *sheet, struct sheet_row *row, bool *end,
                        struct sheet_fault *fault, struct err *err)
{
    return reader_of(sheet)->next(sheet, row, end, fault, err);
}

static void parser_close(struct sheet *sheet)
{
    reader_of(sheet)->close(sheet);
}

const struct sheet_reader sheet_parser = {parser_prepare, parser_open, parser_next, parser_close};
