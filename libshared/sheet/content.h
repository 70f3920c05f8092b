#pragma once

#include "base/str.h"

/* What a file is by its first bytes, whatever its name says. */
enum sheet_content {
    SHEET_CONTENT_TEXT, /* none of the others */
    SHEET_CONTENT_ZIP,  /* XLSX, ODS, ... */
    SHEET_CONTENT_OLE2, /* XLS, and an XLSX with a password */
    SHEET_CONTENT_HTML,
    SHEET_CONTENT_XML,
    SHEET_CONTENT_PDF,
    SHEET_CONTENT_GZIP,
};

/* How many first bytes are enough to tell. */
enum { SHEET_CONTENT_BYTES = 512 };

enum sheet_content sheet_content_of(struct str head);

/* "a ZIP archive, as Excel workbooks (.xlsx) are": fits behind "its content is". */
const char *sheet_content_name(enum sheet_content content);
