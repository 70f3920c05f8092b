#pragma once

#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* A workbook put together from texts, so that a test can have any part wrong. A part that is NULL
 * has its usual content. */
struct workbook {
    bool is_stored;        /* not compressed */
    size_t extra_parts;    /* empty ones that nothing refers to */
    const char *rows;      /* what stands in <sheetData> of the one sheet */
    const char *sheet;     /* the whole part instead */
    const char *strings;   /* what stands in <sst>; NULL: there is none */
    const char *styles;    /* what stands in <styleSheet>; NULL: there is none */
    const char *sheets;    /* of the workbook: the list of sheets */
    const char *settings;  /* of the workbook: before the list of sheets */
    const char *relations; /* of the workbook, instead of the usual ones */
    const char *without;   /* the name of a part to leave out */
    const char *password;  /* all parts are encrypted with it */
    size_t padding;        /* spaces behind the cells, as a bomb would have them */
};

/* The workbook as a file in memory, which the caller closes. */
int workbook_file(const struct workbook *workbook);

/* What a part of an archive unpacks to. */
const char *archive_part(struct arena *arena, int fd, const char *name);

/* The bytes of an archive with one file. */
int archive_file(const char *name, struct str content);
