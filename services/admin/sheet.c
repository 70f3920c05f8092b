#include "command.h"

#include "json/json.h"
#include "sheet/sheet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static const struct option_spec no_options[] = {{0}};

static const struct sheet_limits limits = {
    .rows = 1000000,
    .columns = 16384,
    .cell_bytes = 1 << 20,
    .row_bytes = 4 << 20,
    .unpacked_bytes = (uint64_t)2 << 30,
};

/* One line: {"row":1,"line":2,"cells":[["text","A-1"],["empty",""]]}. */
static bool print_row(const struct sheet_row *row, uint64_t number, struct buf *line,
                      struct err *err)
{
    static const char *const types[] = {
        [SHEET_EMPTY] = "empty",     [SHEET_TEXT] = "text", [SHEET_NUMBER] = "number",
        [SHEET_BOOLEAN] = "boolean", [SHEET_DATE] = "date",
    };

    buf_clear(line);
    buf_printf(line, "{\"row\":%" PRIu64 ",\"line\":%" PRIu64 ",\"cells\":[", number, row->line);
    for (size_t i = 0; i < row->count; i++) {
        buf_printf(line, "%s[\"%s\",", i > 0 ? "," : "", types[row->cells[i].type]);
        json_write_text(line, row->cells[i].text);
        buf_addc(line, ']');
    }
    buf_adds(line, "]}\n");
    return fwrite(line->data, 1, line->len, stdout) == line->len ||
           err_set(err, ERR_INTERNAL, "standard output cannot be written");
}

static bool print_rows(struct sheet *sheet, struct sheet_fault *fault, struct err *err)
{
    AUTO(buf) struct buf line = {0};
    struct sheet_row row;
    bool end = false;

    if (!print_row(sheet_header(sheet), 0, &line, err)) {
        return false;
    }
    while (sheet_next(sheet, &row, &end, fault, err) && !end) {
        if (!print_row(&row, row.number, &line, err)) {
            return false;
        }
    }
    return end;
}

static bool print_sheet(const char *path, struct sheet_fault *fault, struct err *err)
{
    AUTO(sheet) struct sheet *sheet = NULL;
    struct sheet_options options = {.limits = limits};

    if (!sheet_format_of_name(path, &options.format)) {
        return err_set(err, ERR_INVALID, "%s: the name does not end in .csv, .xlsx or .xls", path);
    }
    options.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (options.fd < 0) {
        return err_set(err, ERR_INVALID, "%s: %s", path, strerror(errno));
    }
    bool done = sheet_open(&options, &sheet, fault, err) && print_rows(sheet, fault, err);

    close(options.fd);
    return done;
}

enum status run_sheet_print(const struct config *config, const struct command *command, int argc,
                            char **argv)
{
    struct sheet_fault fault = {0};
    const char *path;
    struct err err;

    (void)config;
    if (!command_read_options(command, argc, argv, no_options, &path)) {
        return STATUS_USAGE;
    }
    if (print_sheet(path, &fault, &err)) {
        return STATUS_OK;
    }
    if (fault.code[0]) {
        fprintf(stderr, "line %" PRIu64 ", column %" PRIu64 ": %s\n", fault.line, fault.column,
                fault.hint);
    }
    return command_failed(command, &err);
}
