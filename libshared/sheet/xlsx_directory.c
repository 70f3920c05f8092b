#include "sheet/xlsx_directory.h"

#include "sheet/xlsx_package.h"

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
static uint64_t entries64(struct str file, const unsigned char *locator)
{
    uint64_t at = little_endian(locator + LOCATOR_END64_AT, 8);

    if (at > file.n || file.n - at < END64_BYTES) {
        return UINT64_MAX;
    }
    return little_endian((const unsigned char *)file.p + at + END64_ENTRIES_AT, 8);
}

/* The largest count that any end record in the tail claims: a comment may hold false ones, and
 * which of them libzip believes is its own affair. */
static uint64_t most_entries(struct str file)
{
    const unsigned char *p = (const unsigned char *)file.p;
    uint64_t most = 0;

    for (size_t i = file.n > TAIL_BYTES ? file.n - TAIL_BYTES : 0; i + END_BYTES <= file.n; i++) {
        if (memcmp(p + i, end_magic, MAGIC_BYTES) != 0) {
            continue;
        }
        bool is_64 =
            i >= LOCATOR_BYTES && memcmp(p + i - LOCATOR_BYTES, locator_magic, MAGIC_BYTES) == 0;
        uint64_t entries = is_64 ? entries64(file, p + i - LOCATOR_BYTES)
                                 : little_endian(p + i + END_ENTRIES_AT, 2);

        most = entries > most ? entries : most;
    }
    return most;
}

bool xlsx_directory_check(struct str file, struct sheet_fault *fault, struct err *err)
{
    return most_entries(file) <= MAX_ENTRIES ||
           xlsx_damaged(fault, err, "its ZIP archive", "has more entries than a workbook can have");
}
