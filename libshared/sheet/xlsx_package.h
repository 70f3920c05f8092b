#pragma once

#include "sheet/sheet_internal.h"

/*
 * The ZIP archive of a workbook. Everything that is unpacked counts against one limit, whatever the
 * archive's headers claim; nothing is unpacked to disk.
 */
struct xlsx_package;
struct xlsx_part;

/* `file` is borrowed. */
bool xlsx_package_open(struct str file, const struct sheet_limits *limits,
                       struct xlsx_package **out, struct sheet_fault *fault,
                       struct err *err) MUST_USE;
void xlsx_package_close(struct xlsx_package *package); /* NULL is allowed */

/* Whether the archive has a part of this name ("xl/workbook.xml"), in any case. */
bool xlsx_package_has(const struct xlsx_package *package, const char *name);

/* Opens a part that must be there. Only one part of a package may be open at a time. */
bool xlsx_part_open(struct xlsx_package *package, const char *name, struct xlsx_part **out,
                    struct sheet_fault *fault, struct err *err) MUST_USE;
void xlsx_part_close(struct xlsx_part *part); /* NULL is allowed */

/* Unpacks up to `size` bytes; *n is 0 at the part's end. */
bool xlsx_part_read(struct xlsx_part *part, void *to, size_t size, size_t *n,
                    struct sheet_fault *fault, struct err *err) MUST_USE;

/* The workbook has a password. */
bool xlsx_refuse_encrypted(struct sheet_fault *fault, struct err *err);

/* The part is not what it must be: "The part xl/workbook.xml <what>." */
bool xlsx_damaged(struct sheet_fault *fault, struct err *err, const char *part, const char *what);

DEFINE_AUTO(xlsx_package, struct xlsx_package, xlsx_package_close)
DEFINE_AUTO(xlsx_part, struct xlsx_part, xlsx_part_close)
