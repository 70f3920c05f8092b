#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

/* Texts of old workbooks, in the encodings of the machines that wrote them, to UTF-8. */
struct code_page;

/* A number as Windows has it: 1252, 932, 1200 (UTF-16LE). One that is not known is read as
 * 1252. */
struct code_page *code_page_open(uint16_t number);
void code_page_close(struct code_page *page); /* NULL is allowed */

/* Appends the text. What the encoding does not have becomes U+FFFD; zero characters, which some
 * programs pad with, are left out. */
void code_page_decode(struct code_page *page, struct str bytes, struct buf *out);
