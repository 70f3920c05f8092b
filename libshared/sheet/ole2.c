#include "sheet/ole2.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 512,
    SECTOR_SHIFT_AT = 30,
    DIRECTORY_AT = 48,
    MIN_SHIFT = 9,
    MAX_SHIFT = 12,
    ENTRY_BYTES = 128,
    NAME_BYTES = 64,
    READ_BYTES = 4096, /* 32 entries: those of a workbook or a package are among the first */
};

static const struct {
    const char *name;
    enum ole2_kind kind;
} streams[] = {
    {"EncryptedPackage", OLE2_ENCRYPTED_PACKAGE},
    {"Workbook", OLE2_WORKBOOK},
    {"Book", OLE2_WORKBOOK},
};

/* Compares with a name in UTF-16LE that a zero ends. */
static bool has_name(const unsigned char *entry, const char *name)
{
    size_t n = strlen(name) + 1;

    for (size_t i = 0; i < n && 2 * i < NAME_BYTES; i++) {
        if (entry[2 * i] != (unsigned char)name[i] || entry[2 * i + 1] != 0) {
            return false;
        }
    }
    return true;
}

enum ole2_kind ole2_kind_of(int fd)
{
    unsigned char header[HEADER_BYTES];
    unsigned char directory[READ_BYTES];

    if (pread(fd, header, sizeof(header), 0) != HEADER_BYTES) {
        return OLE2_OTHER;
    }
    unsigned shift = header[SECTOR_SHIFT_AT];
    const unsigned char *p = header + DIRECTORY_AT;
    uint64_t sector =
        (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;

    if (shift < MIN_SHIFT || shift > MAX_SHIFT) {
        return OLE2_OTHER;
    }
    ssize_t n = pread(fd, directory, sizeof(directory), (off_t)((sector + 1) << shift));

    for (ssize_t at = 0; at + ENTRY_BYTES <= n; at += ENTRY_BYTES) {
        for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
            if (has_name(directory + at, streams[i].name)) {
                return streams[i].kind;
            }
        }
    }
    return OLE2_OTHER;
}
