#include "xls/xls_container.h"

#include "xls/xls_bytes.h"

enum {
    HEADER_BYTES = 512,
    SECTOR_SHIFT_AT = 30,
    MINI_SHIFT_AT = 32,
    FAT_COUNT_AT = 44,
    DIRECTORY_AT = 48,
    MINI_CUTOFF_AT = 56,
    MINI_FAT_AT = 60,
    DIFAT_AT = 68,
    DIFAT_LIST_AT = 76,
    DIFAT_LIST = 109,
    ENTRY_BYTES = 128,
    ENTRY_KIND_AT = 66,
    ENTRY_START_AT = 116,
    ENTRY_SIZE_AT = 120,
    ENTRY_STREAM = 2,
    ENTRY_ROOT = 5,
    MIN_SHIFT = 6,
    MAX_SHIFT = 12,
};

static const uint32_t LAST_SECTOR = 0xFFFFFFFA; /* above are marks: free, end of chain, ... */

/* Sectors of one size, linked by a table: those of the file, or the small ones inside a stream. */
struct sectors {
    struct str bytes;
    size_t first_at; /* where sector 0 begins */
    unsigned shift;
    struct buf next; /* u32 for each sector: the one that follows it */
};

struct container {
    const char *header;
    struct sectors large;
    struct sectors small;
    struct buf directory;
    struct buf small_bytes;
};

static void container_done(struct container *container)
{
    buf_done(&container->large.next);
    buf_done(&container->small.next);
    buf_done(&container->directory);
    buf_done(&container->small_bytes);
}

/* The bytes of a sector; fewer when the file ends inside of it, none when outside. */
static struct str sector_bytes(const struct sectors *sectors, uint32_t sector)
{
    uint64_t at = ((uint64_t)sector << sectors->shift) + sectors->first_at;
    size_t size = (size_t)1 << sectors->shift;

    if (sector > LAST_SECTOR || at >= sectors->bytes.n) {
        return (struct str){0};
    }
    return (struct str){sectors->bytes.p + at,
                        sectors->bytes.n - at < size ? sectors->bytes.n - at : size};
}

/* Appends a chain of sectors. A chain longer than all sectors together runs in a circle. */
static bool read_chain(const struct sectors *sectors, uint32_t sector, struct buf *out)
{
    size_t left = (sectors->bytes.n >> sectors->shift) + 1;

    while (sector <= LAST_SECTOR) {
        struct str bytes = sector_bytes(sectors, sector);

        if (bytes.n == 0 || left-- == 0) {
            return false;
        }
        buf_add(out, bytes.p, bytes.n);
        if (((uint64_t)sector + 1) * 4 > sectors->next.len) {
            return false;
        }
        sector = xls_u32(sectors->next.data + (size_t)sector * 4);
    }
    return true;
}

/* Puts the table of large sectors together. Its own sectors are listed in the header, and behind
 * that in further sectors that each name the next. */
static bool read_table(struct container *container)
{
    struct sectors *large = &container->large;
    size_t left = xls_u32(container->header + FAT_COUNT_AT);
    struct str list = {container->header + DIFAT_LIST_AT, (size_t)DIFAT_LIST * 4};
    uint32_t list_next = xls_u32(container->header + DIFAT_AT);

    left = left < large->bytes.n >> large->shift ? left : large->bytes.n >> large->shift;
    while (left > 0) {
        for (size_t i = 0; i + 4 <= list.n && left > 0; i += 4, left--) {
            struct str table = sector_bytes(large, xls_u32(list.p + i));

            if (table.n == 0) {
                return false;
            }
            buf_add(&large->next, table.p, table.n);
        }
        if (left > 0) {
            struct str sector = sector_bytes(large, list_next);

            if (sector.n < (size_t)1 << large->shift) {
                return false;
            }
            list = (struct str){sector.p, sector.n - 4};
            list_next = xls_u32(sector.p + list.n);
        }
    }
    return true;
}

/* A directory entry of this kind; of this name as well, unless that is NULL. */
static const char *find_entry(const struct buf *directory, unsigned char kind, const char *name)
{
    for (size_t at = 0; at + ENTRY_BYTES <= directory->len; at += ENTRY_BYTES) {
        const char *entry = directory->data + at;
        bool is_named = (unsigned char)entry[ENTRY_KIND_AT] == kind;

        for (size_t i = 0; is_named && name && i <= strlen(name); i++) {
            is_named = xls_u16(entry + 2 * i) == (unsigned char)name[i];
        }
        if (is_named) {
            return entry;
        }
    }
    return NULL;
}

static bool read_small_sectors(struct container *container)
{
    const char *root = find_entry(&container->directory, ENTRY_ROOT, NULL);
    uint32_t table = xls_u32(container->header + MINI_FAT_AT);

    if (!root || !read_chain(&container->large, table, &container->small.next) ||
        !read_chain(&container->large, xls_u32(root + ENTRY_START_AT), &container->small_bytes)) {
        return false;
    }
    container->small.bytes = (struct str){container->small_bytes.data, container->small_bytes.len};
    return true;
}

static enum xls_refusal read_workbook(struct container *container, struct buf *workbook)
{
    const struct buf *directory = &container->directory;
    const char *entry = find_entry(directory, ENTRY_STREAM, "Workbook");

    if (find_entry(directory, ENTRY_STREAM, "EncryptedPackage")) {
        return XLS_ENCRYPTED;
    }
    entry = entry ? entry : find_entry(directory, ENTRY_STREAM, "Book");
    if (!entry) {
        return XLS_NOT_XLS;
    }
    uint32_t size = xls_u32(entry + ENTRY_SIZE_AT);
    uint32_t start = xls_u32(entry + ENTRY_START_AT);
    bool is_small = size < xls_u32(container->header + MINI_CUTOFF_AT);

    if ((is_small && !read_small_sectors(container)) ||
        !read_chain(is_small ? &container->small : &container->large, start, workbook) ||
        workbook->len < size) {
        return XLS_DAMAGED;
    }
    workbook->len = size;
    return XLS_OK;
}

enum xls_refusal xls_container_read(struct str file, struct buf *workbook)
{
    struct container container = {.header = file.p};
    enum xls_refusal refusal = XLS_DAMAGED;

    if (file.n < HEADER_BYTES) {
        return XLS_DAMAGED;
    }
    container.large.shift = xls_u16(file.p + SECTOR_SHIFT_AT);
    container.small.shift = xls_u16(file.p + MINI_SHIFT_AT);
    if (container.large.shift < MIN_SHIFT + 1 || container.large.shift > MAX_SHIFT ||
        container.small.shift != MIN_SHIFT) {
        return XLS_DAMAGED;
    }
    container.large.bytes = file;
    container.large.first_at = (size_t)1 << container.large.shift;
    if (read_table(&container) &&
        read_chain(&container.large, xls_u32(file.p + DIRECTORY_AT), &container.directory)) {
        refusal = read_workbook(&container, workbook);
    }
    container_done(&container);
    return refusal;
}
