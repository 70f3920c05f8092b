#include "domain/mapping_transform.h"

#include "base/str.h"
#include "domain/array.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sign between whole and fraction: the last of '.' and ',' when it stands only once; else there
 * is none. */
static const char *find_decimal(const char *text)
{
    const char *comma = strrchr(text, ',');
    const char *dot = strrchr(text, '.');
    const char *last = comma > dot ? comma : dot;

    return last && strchr(text, *last) == last ? last : NULL;
}

/* Copies the whole part without the signs that group its digits by three; false when they group
 * otherwise. */
static bool copy_whole(const char *text, const char *end, char **out)
{
    size_t run = 0; /* digits since the last grouping sign */
    char group = '\0';

    for (const char *p = text; p < end; p++) {
        if (*p >= '0' && *p <= '9') {
            *(*out)++ = *p;
            run++;
        } else if (strchr(". ,'", *p) && (!group || group == *p) && run >= 1 && run <= 3 &&
                   (!group || run == 3)) {
            group = *p;
            run = 0;
        } else {
            return false;
        }
    }
    return !group || run == 3;
}

enum { NUMBER_SIZE = 64 };

/* "1.234,56", "1,234.56", "12,5", "12.5", "-1 234" as a plain number text; false when it is none.
 */
static bool plain_number(const char *text, char out[NUMBER_SIZE])
{
    const char *decimal = find_decimal(text);
    const char *fraction = decimal ? decimal + 1 : "";
    char *at = out;

    if (strlen(text) >= NUMBER_SIZE || strspn(fraction, "0123456789") != strlen(fraction)) {
        return false;
    }
    if (*text == '-' || *text == '+') {
        *at++ = *text++;
    }
    const char *end = decimal ? decimal : text + strlen(text);

    if (!copy_whole(text, end, &at) || (end == text && !*fraction)) {
        return false;
    }
    snprintf(at, (size_t)(out + NUMBER_SIZE - at), "%s%s", *fraction ? "." : "", fraction);
    return true;
}

static bool append_number(bson_t *out, const char *text)
{
    char plain[NUMBER_SIZE];

    if (!plain_number(text, plain)) {
        return false;
    }
    double value = strtod(plain, NULL);

    if (!strchr(plain, '.') && value >= -9e15 && value <= 9e15) {
        return BSON_APPEND_INT64(out, "v", (int64_t)value);
    }
    return BSON_APPEND_DOUBLE(out, "v", value);
}

bool mapping_read_boolean(const char *text, bool *out)
{
    static const char *const yes[] = {"true",      "1", "yes", "y",   "si",
                                      "s\xc3\xac", "s", "ja",  "oui", "x"};
    static const char *const no[] = {"false", "0", "no", "n", "nein", "non", ""};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcasecmp(text, yes[i]) == 0) {
            *out = true;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        if (strcasecmp(text, no[i]) == 0) {
            *out = false;
            return true;
        }
    }
    return false;
}

static bool append_boolean(bson_t *out, const char *text)
{
    bool value;

    return mapping_read_boolean(text, &value) && BSON_APPEND_BOOL(out, "v", value);
}

static struct str trim(const char *text, size_t n)
{
    while (n > 0 && isspace((unsigned char)text[n - 1])) {
        n--;
    }
    while (n > 0 && isspace((unsigned char)*text)) {
        text++;
        n--;
    }
    return (struct str){text, n};
}

void mapping_append_split(bson_t *out, const char *name, const char *text, const char *separator)
{
    struct array list;

    array_begin(out, name, &list);
    while (text) {
        const char *end = strstr(text, separator);
        struct str part = trim(text, end ? (size_t)(end - text) : strlen(text));

        if (part.n > 0) {
            array_add_text(&list, part);
        }
        text = end ? end + strlen(separator) : NULL;
    }
    array_end(&list);
}

/* Letters beyond ASCII keep their case: codes and flags have none. */
static bool append_case(bson_t *out, const char *text, int (*convert)(int))
{
    char *copy = mem_strdup(text);

    for (char *p = copy; *p; p++) {
        if ((unsigned char)*p < 0x80) {
            *p = (char)convert((unsigned char)*p);
        }
    }
    bool ok = BSON_APPEND_UTF8(out, "v", copy);
    mem_free(copy);
    return ok;
}

bool mapping_transform(bson_t *out, const struct field_mapping *mapping, const char *text)
{
    struct str trimmed = trim(text, strlen(text));
    char *clean = bson_strndup(trimmed.p, trimmed.n);
    bool ok = true;

    switch (mapping->transform) {
    case TRANSFORM_NONE:
        ok = BSON_APPEND_UTF8(out, "v", text);
        break;
    case TRANSFORM_TRIM:
        ok = BSON_APPEND_UTF8(out, "v", clean);
        break;
    case TRANSFORM_UPPER:
        ok = append_case(out, text, toupper);
        break;
    case TRANSFORM_LOWER:
        ok = append_case(out, text, tolower);
        break;
    case TRANSFORM_NUMBER:
        ok = append_number(out, clean);
        break;
    case TRANSFORM_BOOLEAN:
        ok = append_boolean(out, clean);
        break;
    case TRANSFORM_SPLIT:
        mapping_append_split(out, "v", text, mapping->separator);
        break;
    }
    bson_free(clean);
    return ok;
}
