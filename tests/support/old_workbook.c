#include "support/old_workbook.h"

#include "support/table.h"
#include "support/test.h"

#include "xls/xls_bytes.h"

#include <string.h>

enum {
    SECTOR = 512,
    SHIFT = 9,
    SMALL_SHIFT = 6,
    MOST_SECTORS = 118,
    END = -2,
    TABLE = -3,
    BOF = 0x809,
    END_OF_PART = 0x0A,
    BIFF5 = 0x500,
    GLOBALS = 5,
    WORKSHEET = 0x10,
    CODE_PAGE = 0x42,
    BOUNDSHEET = 0x85,
    LABEL = 0x204,
    NUMBER = 0x203,
};

void old_record(struct buf *stream, uint16_t type, const void *data, size_t n)
{
    xls_put(stream, type, 2);
    xls_put(stream, n, 2);
    buf_add(stream, data, n);
}

static void pad(struct buf *out, size_t n, char byte)
{
    while (out->len < n) {
        buf_addc(out, byte);
    }
}

/* The sectors: the table of sectors, the directory, the stream. */
static void add_header(struct buf *file)
{
    buf_add(file, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
    pad(file, 24, 0);
    xls_put(file, 0x3E, 2);
    xls_put(file, 3, 2);
    xls_put(file, 0xFFFE, 2);
    xls_put(file, SHIFT, 2);
    xls_put(file, SMALL_SHIFT, 2);
    pad(file, 44, 0);
    xls_put(file, 1, 4); /* sectors of the table */
    xls_put(file, 1, 4); /* the directory */
    pad(file, 60, 0);    /* nothing is too small for large sectors */
    xls_put(file, (uint32_t)END, 4);
    xls_put(file, 0, 4);
    xls_put(file, (uint32_t)END, 4);
    xls_put(file, 0, 4);
    xls_put(file, 0, 4); /* where the table is */
    pad(file, SECTOR, -1);
}

static void add_entry(struct buf *file, const char *name, char kind, size_t size)
{
    size_t start = file->len;

    for (const char *c = name; *c; c++) {
        xls_put(file, (unsigned char)*c, 2);
    }
    pad(file, start + 64, 0);
    xls_put(file, 2 * strlen(name) + 2, 2);
    buf_addc(file, kind);
    pad(file, start + 116, 0);
    xls_put(file, size > 0 ? 2 : (uint32_t)END, 4);
    xls_put(file, size, 4);
    pad(file, start + 128, 0);
}

int old_file(const char *stream_name, struct str stream)
{
    AUTO(buf) struct buf file = {0};
    size_t sectors = (stream.n + SECTOR - 1) / SECTOR;

    assert_in_range(sectors, 0, MOST_SECTORS);
    add_header(&file);
    xls_put(&file, (uint32_t)TABLE, 4);
    xls_put(&file, (uint32_t)END, 4);
    for (size_t i = 0; i < sectors; i++) {
        xls_put(&file, i + 1 < sectors ? i + 3 : (uint32_t)END, 4);
    }
    pad(&file, 2 * (size_t)SECTOR, -1);
    add_entry(&file, "Root Entry", 5, 0);
    add_entry(&file, stream_name, 2, stream.n);
    pad(&file, 3 * (size_t)SECTOR, 0);
    buf_add(&file, stream.p, stream.n);
    pad(&file, (3 + sectors) * SECTOR, 0);
    return table_file((struct str){file.data, file.len});
}

static void add_beginning(struct buf *stream, uint16_t kind)
{
    AUTO(buf) struct buf data = {0};

    xls_put(&data, BIFF5, 2);
    xls_put(&data, kind, 2);
    xls_put(&data, 0, 4);
    old_record(stream, BOF, data.data, data.len);
}

static void add_label(struct buf *stream, uint16_t row, uint16_t column, const char *text)
{
    AUTO(buf) struct buf data = {0};

    xls_put(&data, row, 2);
    xls_put(&data, column, 2);
    xls_put(&data, 0, 2);
    xls_put(&data, strlen(text), 2);
    buf_adds(&data, text);
    old_record(stream, LABEL, data.data, data.len);
}

static void put_double(struct buf *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    xls_put(out, bits, sizeof(bits));
}

static void add_number(struct buf *stream, uint16_t row, uint16_t column, double value)
{
    AUTO(buf) struct buf data = {0};

    xls_put(&data, row, 2);
    xls_put(&data, column, 2);
    xls_put(&data, 0, 2);
    put_double(&data, value);
    old_record(stream, NUMBER, data.data, data.len);
}

int old_workbook_file(uint16_t code_page, const char *text, uint16_t extra)
{
    static const char name[] = "Sheet";
    AUTO(buf) struct buf stream = {0};
    AUTO(buf) struct buf sheet = {0};
    const char page[] = {(char)code_page, (char)(code_page >> 8)};

    add_beginning(&stream, GLOBALS);
    old_record(&stream, CODE_PAGE, page, sizeof(page));
    if (extra) {
        old_record(&stream, extra, "", 0);
    }
    /* The sheet begins behind this record and the end of the globals. */
    xls_put(&sheet, stream.len + 4 + 6 + 1 + strlen(name) + 4, 4);
    xls_put(&sheet, 0, 2);
    xls_put(&sheet, strlen(name), 1);
    buf_adds(&sheet, name);
    old_record(&stream, BOUNDSHEET, sheet.data, sheet.len);
    old_record(&stream, END_OF_PART, "", 0);
    add_beginning(&stream, WORKSHEET);
    add_label(&stream, 0, 0, "name");
    add_label(&stream, 0, 1, "price");
    add_label(&stream, 1, 0, text);
    add_number(&stream, 1, 1, 12.5);
    old_record(&stream, END_OF_PART, "", 0);
    return old_file("Book", (struct str){stream.data, stream.len});
}
