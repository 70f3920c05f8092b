/* Whatever stands in a workbook: no crash, rows within the limits, or a refusal that says why. The
 * first byte picks what the rest is: the whole file, or one of its parts in a workbook that is well
 * otherwise. */
#include "fuzz/table.h"

#include <zip.h>

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static const struct {
    const char *name;
    const char *usual;
} parts[] = {
    {"xl/worksheets/sheet1.xml",
     "<worksheet><sheetData><row><c t=\"s\"><v>0</v></c><c s=\"1\"><v>45322.5</v></c></row>"
     "<row><c t=\"s\"><v>1</v></c><c s=\"2\"><v>7</v></c></row></sheetData></worksheet>"},
    {"xl/sharedStrings.xml", "<sst><si><t>a</t></si><si><r><t>b</t></r></si></sst>"},
    {"xl/styles.xml",
     "<styleSheet><cellXfs><xf/><xf numFmtId=\"22\"/><xf numFmtId=\"49\"/></cellXfs>"
     "</styleSheet>"},
    {"xl/workbook.xml", "<workbook><sheets><sheet r:id=\"s\"/></sheets></workbook>"},
    {"xl/_rels/workbook.xml.rels",
     "<Relationships><Relationship Id=\"s\" Type=\"" TYPE "/worksheet\" "
     "Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"t\" Type=\"" TYPE "/sharedStrings\" "
     "Target=\"sharedStrings.xml\"/><Relationship Id=\"f\" Type=\"" TYPE "/styles\" "
     "Target=\"styles.xml\"/></Relationships>"},
    {"_rels/.rels", "<Relationships><Relationship Id=\"w\" Type=\"" TYPE "/officeDocument\" "
                    "Target=\"xl/workbook.xml\"/></Relationships>"},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static void write_all(int fd, const void *bytes, size_t n)
{
    if (write(fd, bytes, n) != (ssize_t)n) {
        abort();
    }
}

/* A workbook in which one part is the input. */
static void write_workbook(int fd, size_t changed, struct str part)
{
    zip_source_t *bytes = zip_source_buffer_create(NULL, 0, 0, NULL);
    zip_t *zip = zip_open_from_source(bytes, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    char piece[4096];
    zip_int64_t n;

    zip_source_keep(bytes);
    for (size_t i = 0; i < PARTS; i++) {
        struct str content = i == changed ? part : str_from(parts[i].usual);
        zip_source_t *source = zip_source_buffer(zip, content.p, content.n, 0);
        zip_int64_t index = zip_file_add(zip, parts[i].name, source, 0);

        zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0);
    }
    if (zip_close(zip) != 0 || zip_source_open(bytes) != 0) {
        abort();
    }
    while ((n = zip_source_read(bytes, piece, sizeof(piece))) > 0) {
        write_all(fd, piece, (size_t)n);
    }
    zip_source_close(bytes);
    zip_source_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) struct buf table = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    const struct sheet_options options = {.fd = fd, .format = SHEET_XLSX, .limits = fuzz_limits};

    if (fd < 0 || size == 0) {
        close(fd);
        return 0;
    }
    size_t what = data[0] % (PARTS + 1);

    if (what == PARTS) {
        write_all(fd, data + 1, size - 1);
    } else {
        write_workbook(fd, what, (struct str){(const char *)data + 1, size - 1});
    }
    fuzz_read_table(&options, &table);
    close(fd);
    return 0;
}
