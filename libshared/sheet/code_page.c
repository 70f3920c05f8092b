#include "sheet/code_page.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>

enum { UTF16LE = 1200, PIECE_BYTES = 1024 };

/* Windows-1252 stands first: it is read for all that are not here. */
static const struct {
    uint16_t number;
    const char *name;
} encodings[] = {
    {1252, "CP1252"},     {UTF16LE, "UTF-16LE"}, {367, "ASCII"},   {437, "CP437"},
    {737, "CP737"},       {775, "CP775"},        {850, "CP850"},   {852, "CP852"},
    {855, "CP855"},       {857, "CP857"},        {858, "CP858"},   {860, "CP860"},
    {861, "CP861"},       {862, "CP862"},        {863, "CP863"},   {864, "CP864"},
    {865, "CP865"},       {866, "CP866"},        {869, "CP869"},   {874, "CP874"},
    {932, "CP932"},       {936, "CP936"},        {949, "CP949"},   {950, "CP950"},
    {1250, "CP1250"},     {1251, "CP1251"},      {1253, "CP1253"}, {1254, "CP1254"},
    {1255, "CP1255"},     {1256, "CP1256"},      {1257, "CP1257"}, {1258, "CP1258"},
    {10000, "MACINTOSH"}, {32768, "MACINTOSH"},
};
enum { ENCODINGS = sizeof(encodings) / sizeof(*encodings) };

struct code_pages {
    iconv_t converters[ENCODINGS];
};

static bool is_open(iconv_t converter)
{
    return converter != (iconv_t)-1; /* NOLINT(performance-no-int-to-ptr) */
}

struct code_pages *code_pages_open(void)
{
    struct code_pages *pages = mem_alloc(sizeof(*pages));

    for (size_t i = 0; i < ENCODINGS; i++) {
        pages->converters[i] = iconv_open("UTF-8", encodings[i].name);
    }
    if (!is_open(pages->converters[0])) {
        abort(); /* the C library is not all there */
    }
    return pages;
}

void code_pages_close(struct code_pages *pages)
{
    for (size_t i = 0; pages && i < ENCODINGS; i++) {
        if (is_open(pages->converters[i])) {
            iconv_close(pages->converters[i]);
        }
    }
    mem_free(pages);
}

static iconv_t converter_of(const struct code_pages *pages, uint16_t number)
{
    for (size_t i = 0; i < ENCODINGS; i++) {
        if (encodings[i].number == number && is_open(pages->converters[i])) {
            return pages->converters[i];
        }
    }
    return pages->converters[0];
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

void code_page_decode(struct code_pages *pages, uint16_t number, struct str bytes, struct buf *out)
{
    iconv_t converter = converter_of(pages, number);
    size_t unit_bytes = number == UTF16LE ? 2 : 1;
    char *from = (char *)bytes.p; /* iconv does not write there */
    size_t left = bytes.n;

    iconv(converter, NULL, NULL, NULL, NULL);
    while (left > 0) {
        char piece[PIECE_BYTES];
        char *to = piece;
        size_t room = sizeof(piece);
        size_t status = iconv(converter, &from, &left, &to, &room);

        add_without_zeros(out, piece, (size_t)(to - piece));
        if (status == (size_t)-1 && errno != E2BIG) {
            size_t skip = left < unit_bytes ? left : unit_bytes;

            buf_adds(out, "\xef\xbf\xbd");
            from += skip;
            left -= skip;
        }
    }
}
