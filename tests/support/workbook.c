#include "support/workbook.h"

#include "support/table.h"
#include "support/test.h"

#include "base/buf.h"

#include <unistd.h>
#include <zip.h>

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define MAIN "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define RELATIONS "<Relationships>%s</Relationships>"

struct archive {
    zip_source_t *bytes;
    zip_t *zip;
    struct arena *arena;
    const char *without;
    const char *password;
    bool is_stored;
};

static struct archive archive_new(struct arena *arena)
{
    struct archive archive = {.arena = arena};

    archive.bytes = zip_source_buffer_create(NULL, 0, 0, NULL);
    archive.zip = zip_open_from_source(archive.bytes, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(archive.zip);
    zip_source_keep(archive.bytes);
    return archive;
}

static void add_part(struct archive *archive, const char *name, struct str content)
{
    if (archive->without && strcmp(archive->without, name) == 0) {
        return;
    }
    zip_source_t *source = zip_source_buffer(archive->zip, content.p, content.n, 0);
    zip_int64_t index = zip_file_add(archive->zip, name, source, 0);

    assert_true(index >= 0);
    if (archive->is_stored) {
        zip_set_file_compression(archive->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0);
    }
    if (archive->password) {
        assert_int_equal(zip_file_set_encryption(archive->zip, (zip_uint64_t)index, ZIP_EM_AES_256,
                                                 archive->password),
                         0);
    }
}

static void add_text(struct archive *archive, const char *name, const char *text)
{
    add_part(archive, name, str_from(text));
}

static int archive_close(struct archive *archive)
{
    AUTO(buf) struct buf out = {0};
    char piece[4096];
    zip_int64_t n;

    assert_int_equal(zip_close(archive->zip), 0);
    assert_int_equal(zip_source_open(archive->bytes), 0);
    while ((n = zip_source_read(archive->bytes, piece, sizeof(piece))) > 0) {
        buf_add(&out, piece, (size_t)n);
    }
    zip_source_close(archive->bytes);
    zip_source_free(archive->bytes);
    return table_file((struct str){out.data, out.len});
}

static struct str sheet_of(const struct workbook *workbook, struct arena *arena)
{
    const char *sheet =
        workbook->sheet ? workbook->sheet
                        : arena_printf(arena, XML "<worksheet " MAIN "><sheetData>%s</sheetData>",
                                       workbook->rows ? workbook->rows : "");
    const char *end = workbook->sheet ? "" : "</worksheet>";
    size_t n = strlen(sheet);

    if (workbook->padding == 0) {
        return str_from(arena_printf(arena, "%s%s", sheet, end));
    }
    char *padded = arena_alloc(arena, n + workbook->padding + strlen(end) + 1);

    memcpy(padded, sheet, n);
    memset(padded + n, ' ', workbook->padding);
    memcpy(padded + n + workbook->padding, end, strlen(end));
    return (struct str){padded, n + workbook->padding + strlen(end)};
}

static const char *or_usual(const char *text, const char *usual)
{
    return text ? text : usual;
}

int workbook_file(const struct workbook *workbook)
{
    static const char relations[] =
        "<Relationship Id=\"rId1\" Type=\"" TYPE "/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
        "<Relationship Id=\"rId2\" Type=\"" TYPE "/styles\" Target=\"styles.xml\"/>"
        "<Relationship Id=\"rId3\" Type=\"" TYPE
        "/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>";
    AUTO(arena) struct arena *arena = arena_new();
    struct archive archive = archive_new(arena);

    archive.without = workbook->without;
    archive.password = workbook->password;
    archive.is_stored = workbook->is_stored;
    add_text(&archive, "_rels/.rels",
             "<Relationships><Relationship Id=\"rId1\" Type=\"" TYPE
             "/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
    add_text(&archive, "xl/_rels/workbook.xml.rels",
             arena_printf(arena, RELATIONS, or_usual(workbook->relations, relations)));
    add_text(&archive, "xl/workbook.xml",
             arena_printf(
                 arena, XML "<workbook " MAIN " xmlns:r=\"r\">%s<sheets>%s</sheets></workbook>",
                 or_usual(workbook->settings, ""),
                 or_usual(workbook->sheets, "<sheet name=\"A\" sheetId=\"1\" r:id=\"rId1\"/>")));
    add_text(&archive, "xl/sharedStrings.xml",
             arena_printf(arena, XML "<sst " MAIN ">%s</sst>", or_usual(workbook->strings, "")));
    add_text(&archive, "xl/styles.xml",
             arena_printf(arena, XML "<styleSheet " MAIN ">%s</styleSheet>",
                          or_usual(workbook->styles, "")));
    add_part(&archive, "xl/worksheets/sheet1.xml", sheet_of(workbook, arena));
    add_text(&archive, "xl/worksheets/sheet2.xml",
             XML "<worksheet " MAIN "><sheetData><row><c t=\"str\"><v>second</v></c></row>"
                 "</sheetData></worksheet>");
    for (size_t i = 0; i < workbook->extra_parts; i++) {
        add_text(&archive, arena_printf(arena, "extra/%zu", i), "");
    }
    return archive_close(&archive);
}

const char *archive_part(struct arena *arena, int fd, const char *name)
{
    AUTO(buf) struct buf out = {0};
    zip_t *zip = zip_fdopen(dup(fd), 0, NULL);
    char piece[4096];
    zip_int64_t n;

    assert_non_null(zip);
    zip_file_t *part = zip_fopen(zip, name, 0);

    assert_non_null(part);
    while ((n = zip_fread(part, piece, sizeof(piece))) > 0) {
        buf_add(&out, piece, (size_t)n);
    }
    zip_fclose(part);
    zip_discard(zip);
    return arena_strndup(arena, out.data, out.len);
}

int archive_file(const char *name, struct str content)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct archive archive = archive_new(arena);

    add_part(&archive, name, content);
    return archive_close(&archive);
}
