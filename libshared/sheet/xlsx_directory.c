#include "sheet/xlsx_directory.h"

#include "sheet/xlsx_package.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_ENTRIES = 10000,
    END_BYTES = 22,
    END_ENTRIES_AT = 10,
    LOCATOR_BYTES = 20,
    LOCATOR_END64_AT = 8,
    END64_BYTES = 56,
    END64_ENTRIES_AT = 32,
    TAIL_BYTES = END_BYTES + LOCATOR_BYTES + 65535, /* the longest comment */
};

static const char end_magic[] = "PK\x05\x06";
static const char locator_magic[] = "PK\x06\x07";
enum { MAGIC_BYTES = 4 };

static uint64_t little_endian(const unsigned char *p, size_t bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0) {
        value = value << 8 | p[bytes];
    }
    return value;
}

/* How many entries a 64-bit end record claims; as many as there can be when it cannot be read. */
static uint64_t entries64(int fd, const unsigned char *locator)
{
    unsigned char end64[END64_BYTES];
    uint64_t at = little_endian(locator + LOCATOR_END64_AT, 8);

    if (at > INT64_MAX || pread(fd, end64, sizeof(end64), (off_t)at) != END64_BYTES) {
        return UINT64_MAX;
    }
    return little_endian(end64 + END64_ENTRIES_AT, 8);
}

/* The largest count that any end record in the tail claims: a comment may hold false ones, and
 * which of them libzip believes is its own affair. */
static uint64_t most_entries(int fd, const unsigned char *tail, size_t n)
{
    uint64_t most = 0;

    for (size_t i = 0; i + END_BYTES <= n; i++) {
        if (memcmp(tail + i, end_magic, MAGIC_BYTES) != 0) {
            continue;
        }
        bool is_64 =
            i >= LOCATOR_BYTES && memcmp(tail + i - LOCATOR_BYTES, locator_magic, MAGIC_BYTES) == 0;
        uint64_t entries = is_64 ? entries64(fd, tail + i - LOCATOR_BYTES)
                                 : little_endian(tail + i + END_ENTRIES_AT, 2);

        most = entries > most ? entries : most;
    }
    return most;
}

bool xlsx_directory_check(int fd, struct sheet_fault *fault, struct err *err)
{
    AUTO(arena) struct arena *arena = arena_new();
    unsigned char *tail = arena_alloc(arena, TAIL_BYTES);
    struct stat stat;

    if (fstat(fd, &stat) != 0) {
        return err_set(err, ERR_INTERNAL, "cannot look at the file: %s", strerror(errno));
    }
    off_t from = stat.st_size > TAIL_BYTES ? stat.st_size - TAIL_BYTES : 0;
    ssize_t n = pread(fd, tail, TAIL_BYTES, from);

    return most_entries(fd, tail, n > 0 ? (size_t)n : 0) <= MAX_ENTRIES ||
           xlsx_damaged(fault, err, "its ZIP archive", "has more entries than a workbook can have");
}
