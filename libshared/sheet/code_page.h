#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

/* Texts of old workbooks, in the encodings of the machines that wrote them, to UTF-8. */
struct code_pages;

/* Loads every encoding that such a workbook may name: the C library has them in files, and those
 * cannot be opened any more when the workbook is read. */
struct code_pages *code_pages_open(void);
void code_pages_close(struct code_pages *pages); /* NULL is allowed */

/* Appends a text. The number is as Windows has it: 1252, 932, 1200 (UTF-16LE); one that is not
 * known is read as 1252. What the encoding does not have becomes U+FFFD; zero characters, which
 * some programs pad with, are left out. */
void code_page_decode(struct code_pages *pages, uint16_t number, struct str bytes, struct buf *out);
