#include "support/table.h"

#include "support/test.h"

#include "base/buf.h"
#include "sheet/sheet_internal.h"

#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

DEFINE_AUTO(open_sheet, struct sheet, sheet_close)

const struct sheet_limits table_limits = {.rows = 1000000,
                                          .columns = 1000,
                                          .cell_bytes = 1 << 20,
                                          .row_bytes = 4 << 20,
                                          .unpacked_bytes = 1 << 30};

int table_file(struct str content)
{
    int fd = memfd_create("table", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, content.p, content.n, 0), content.n);
    return fd;
}

static void add_cells(struct buf *out, const struct sheet_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        buf_addc(out, '[');
        buf_add(out, row->cells[i].text.p, row->cells[i].text.n);
        buf_addc(out, ']');
    }
    buf_addc(out, '\n');
}

static void add_fault(struct buf *out, const struct sheet_fault *fault)
{
    assert_true(fault->message[0] && fault->hint[0]);
    buf_printf(out, "%s %" PRIu64 ":%" PRIu64 "\n", fault->code, fault->line, fault->column);
}

static bool add_row(struct buf *out, struct sheet *sheet, bool *end, struct sheet_fault *fault,
                    struct err *err)
{
    struct sheet_row row;

    if (!sheet_next(sheet, &row, end, fault, err)) {
        return false;
    }
    if (*end) {
        return true;
    }
    buf_printf(out, "%" PRIu64, row.number);
    if (sheet_row_fits(sheet, &row, fault)) {
        add_cells(out, &row);
    } else {
        buf_addc(out, ' ');
        add_fault(out, fault);
    }
    return true;
}

static const char *read_with(const struct sheet_reader *reader, struct arena *arena,
                             const struct sheet_options *options)
{
    AUTO(open_sheet) struct sheet *sheet = NULL;
    AUTO(buf) struct buf out = {0};
    struct sheet_fault fault;
    struct err err;
    bool end = false;
    bool ok = sheet_open_with(reader, options, &sheet, &fault, &err);

    buf_adds(&out, "");
    if (ok) {
        add_cells(&out, sheet_header(sheet));
    }
    while (ok && !end) {
        ok = add_row(&out, sheet, &end, &fault, &err);
    }
    if (!ok) {
        assert_int_equal(err.kind, ERR_INVALID);
        add_fault(&out, &fault);
    }
    return arena_strndup(arena, out.data, out.len);
}

const char *table_parse(struct arena *arena, const struct sheet_options *options)
{
    return read_with(&sheet_parser, arena, options);
}

const char *table_read(struct arena *arena, const struct sheet_options *options)
{
    const char *table = read_with(&process_reader, arena, options);

    assert_string_equal(table_parse(arena, options), table);
    return table;
}
