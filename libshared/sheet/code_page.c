#include "sheet/code_page.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

enum { UTF16LE = 1200, MACINTOSH = 10000, MACINTOSH_OLD = 32768, PIECE_BYTES = 1024 };

struct code_page {
    iconv_t converter;
    size_t unit_bytes;
};

struct code_page *code_page_open(uint16_t number)
{
    struct code_page *page = mem_alloc(sizeof(*page));
    char name[16];

    snprintf(name, sizeof(name), "CP%u", number);
    page->unit_bytes = number == UTF16LE ? 2 : 1;
    page->converter = number == UTF16LE ? iconv_open("UTF-8", "UTF-16LE")
                      : number == MACINTOSH || number == MACINTOSH_OLD
                          ? iconv_open("UTF-8", "MACINTOSH")
                          : iconv_open("UTF-8", name);
    if (page->converter == (iconv_t)-1) { /* NOLINT(performance-no-int-to-ptr) */
        page->converter = iconv_open("UTF-8", "CP1252");
    }
    if (page->converter == (iconv_t)-1) {
        abort(); /* the C library is not all there */
    }
    return page;
}

void code_page_close(struct code_page *page)
{
    if (page) {
        iconv_close(page->converter);
        mem_free(page);
    }
}

static void add_without_zeros(struct buf *out, const char *text, size_t n)
{
    while (n > 0) {
        const char *zero = memchr(text, '\0', n);
        size_t some = zero ? (size_t)(zero - text) : n;

        buf_add(out, text, some);
        some += zero != NULL;
        text += some;
        n -= some;
    }
}

void code_page_decode(struct code_page *page, struct str bytes, struct buf *out)
{
    char *from = (char *)bytes.p; /* iconv does not write there */
    size_t left = bytes.n;

    iconv(page->converter, NULL, NULL, NULL, NULL);
    while (left > 0) {
        char piece[PIECE_BYTES];
        char *to = piece;
        size_t room = sizeof(piece);
        size_t status = iconv(page->converter, &from, &left, &to, &room);

        add_without_zeros(out, piece, (size_t)(to - piece));
        if (status == (size_t)-1 && errno != E2BIG) {
            size_t skip = left < page->unit_bytes ? left : page->unit_bytes;

            buf_adds(out, "\xef\xbf\xbd");
            from += skip;
            left -= skip;
        }
    }
}
