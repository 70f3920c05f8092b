#pragma once

#include "xls/xls_record.h"
#include "xls/xls_refusal.h"

enum { XLS_CODE_PAGE_UTF16 = 1200 };

/* What a workbook says before its sheets. All zero is empty. */
struct xls_globals {
    bool is_biff8;
    bool is_1904;
    uint16_t code_page;
    size_t sheet_at;      /* the first visible worksheet in the stream; 0: none */
    struct buf texts;     /* the shared ones, one behind the other */
    struct buf text_ends; /* size_t for each shared text */
    struct buf codes;     /* u16 number, u16 length, bytes: for each number format */
    struct buf styles;    /* u16 for each cell style: the number of its format */
};

enum xls_refusal xls_globals_read(struct str stream, struct xls_globals *globals);
void xls_globals_done(struct xls_globals *globals);

/* A shared text; false when there is no such. */
bool xls_shared_text(const struct xls_globals *globals, uint32_t index, struct str *out);

/* The code of the format with this number, in ASCII; empty when the file has none. */
struct str xls_format_code(const struct xls_globals *globals, uint16_t number);
