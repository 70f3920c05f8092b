#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The text of a cell while its XML is read: <t> elements joined, those of phonetic hints left out.
 * All zero but for `limit` is ready to use.
 */
struct xlsx_text {
    struct buf buf;
    size_t limit; /* a text is cut one byte behind it */
    unsigned phonetic_depth;
    bool is_open; /* what comes belongs to the text */
};

void xlsx_text_begin(struct xlsx_text *text);
void xlsx_text_start(struct xlsx_text *text, const char *element);
void xlsx_text_end(struct xlsx_text *text, const char *element);
void xlsx_text_add(struct xlsx_text *text, struct str piece);

/* Ends the text. Escapes like _x000D_ become the characters they stand for, but in a text that was
 * cut. Valid until the next begin. */
struct str xlsx_text_take(struct xlsx_text *text);

void xlsx_text_done(struct xlsx_text *text);
