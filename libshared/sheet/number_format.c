#include "sheet/number_format.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

enum { MAX_ZEROS = 30 };

struct number_format number_format_of_id(uint32_t id)
{
    static const struct {
        uint32_t first;
        uint32_t last;
        enum number_kind kind;
    } built_in[] = {
        {14, 17, NUMBER_DATE},    {18, 21, NUMBER_TIME},    {22, 22, NUMBER_DATE},
        {27, 31, NUMBER_DATE},    {32, 35, NUMBER_TIME},    {36, 36, NUMBER_DATE},
        {45, 45, NUMBER_TIME},    {46, 46, NUMBER_ELAPSED}, {47, 47, NUMBER_TIME},
        {49, 49, NUMBER_AS_TEXT}, {50, 58, NUMBER_DATE},
    };

    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
        if (id >= built_in[i].first && id <= built_in[i].last) {
            return (struct number_format){.kind = built_in[i].kind};
        }
    }
    return (struct number_format){.kind = NUMBER_PLAIN};
}

/* What stands outside of quotes, brackets and escapes in the first section of a code. */
struct letters {
    bool has_day; /* y or d */
    bool has_month;
    bool has_time; /* h or s */
    bool is_elapsed;
    bool has_at;
    bool only_zeros;
    size_t zeros;
};

static bool is_span_unit(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!strchr("hHmMsS", p[i])) {
            return false;
        }
    }
    return n > 0;
}

static void note_letter(struct letters *found, char c)
{
    switch (tolower((unsigned char)c)) {
    case 'y':
    case 'd':
        found->has_day = true;
        break;
    case 'm':
        found->has_month = true;
        break;
    case 'h':
    case 's':
        found->has_time = true;
        break;
    case '@':
        found->has_at = true;
        break;
    case '0':
        found->zeros++;
        return;
    default:
        break;
    }
    found->only_zeros = false;
}

/* The length of what stands at `p` and is no letter of the code: a quoted text, a bracket, an
 * escaped, reserved or repeated character; 0 for a letter. */
static size_t literal_length(const char *p, size_t n)
{
    char closing = *p == '"' ? '"' : ']';

    if (*p == '\\' || *p == '_' || *p == '*') {
        return n < 2 ? n : 2;
    }
    if (*p != '"' && *p != '[') {
        return 0;
    }
    const char *end = memchr(p + 1, closing, n - 1);

    return end ? (size_t)(end - p) + 1 : n;
}

static struct letters scan(struct str code)
{
    struct letters found = {.only_zeros = true};

    for (size_t i = 0; i < code.n && code.p[i] != ';';) {
        size_t skip = literal_length(code.p + i, code.n - i);

        if (skip == 0) {
            note_letter(&found, code.p[i]);
            i++;
            continue;
        }
        if (code.p[i] == '[' && skip > 2 && is_span_unit(code.p + i + 1, skip - 2)) {
            found.is_elapsed = true;
        }
        found.only_zeros = false;
        i += skip;
    }
    return found;
}

struct number_format number_format_of_code(struct str code)
{
    static const struct str general = STR("General");

    if (code.n >= general.n && strncasecmp(code.p, general.p, general.n) == 0) {
        return (struct number_format){.kind = NUMBER_PLAIN};
    }
    struct letters found = scan(code);

    if (found.is_elapsed) {
        return (struct number_format){.kind = NUMBER_ELAPSED};
    }
    if (found.has_day || found.has_month || found.has_time) {
        bool is_time = found.has_time && !found.has_day;

        return (struct number_format){.kind = is_time ? NUMBER_TIME : NUMBER_DATE};
    }
    if (found.has_at) {
        return (struct number_format){.kind = NUMBER_AS_TEXT};
    }
    if (found.only_zeros && found.zeros > 1 && found.zeros <= MAX_ZEROS) {
        return (struct number_format){.kind = NUMBER_ZEROS, .digits = (uint8_t)found.zeros};
    }
    return (struct number_format){.kind = NUMBER_PLAIN};
}

static bool show_zeros(struct number_format format, double value, char out[NUMBER_SHOWN_SIZE])
{
    static const double too_large = 1e15; /* to be exact */

    if (value < 0 || value >= too_large || value != floor(value)) {
        return false;
    }
    snprintf(out, NUMBER_SHOWN_SIZE, "%0*lld", (int)format.digits, (long long)value);
    return true;
}

enum sheet_type number_format_show(struct number_format format, double value, bool is_1904,
                                   char out[NUMBER_SHOWN_SIZE])
{
    bool is_day = format.kind == NUMBER_DATE || format.kind == NUMBER_TIME;

    if (is_day && date_text(value, is_1904, format.kind == NUMBER_TIME, out)) {
        return SHEET_DATE;
    }
    if ((format.kind == NUMBER_ELAPSED && elapsed_text(value, out)) ||
        (format.kind == NUMBER_ZEROS && show_zeros(format, value, out))) {
        return SHEET_TEXT;
    }
    number_text(value, out);
    return format.kind == NUMBER_AS_TEXT ? SHEET_TEXT : SHEET_NUMBER;
}
