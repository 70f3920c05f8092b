#include "domain/legal.h"

#include <ctype.h>
#include <string.h>

enum { VAT_DIGITS = 11, FISCAL_CODE_LETTERS = 16 };

bool legal_normalise(const char *text, char out[LEGAL_TEXT_SIZE])
{
    size_t n = 0;

    for (; *text; text++) {
        if (*text == ' ' || *text == '.' || *text == '-') {
            continue;
        }
        if (n + 1 == LEGAL_TEXT_SIZE) {
            return false;
        }
        out[n++] = (char)toupper((unsigned char)*text);
    }
    out[n] = '\0';
    return true;
}

/* '9' a digit, 'A' a letter, '*' either, 'O' a digit or an omocodia letter, anything else itself.
 */
static bool char_matches(char pattern, char c)
{
    bool is_digit = c >= '0' && c <= '9';
    bool is_letter = c >= 'A' && c <= 'Z';

    switch (pattern) {
    case '9':
        return is_digit;
    case 'A':
        return is_letter;
    case '*':
        return is_digit || is_letter;
    case 'O':
        return is_digit || (c && strchr("LMNPQRSTUV", c));
    case 'M':
        return c && strchr("ABCDEHLMPRST", c);
    default:
        return pattern == c;
    }
}

/* `patterns` are alternatives separated by '|'. */
static bool matches(const char *patterns, const char *text)
{
    while (patterns) {
        const char *end = strchrnul(patterns, '|');
        size_t n = (size_t)(end - patterns);
        bool ok = strlen(text) == n;

        for (size_t i = 0; ok && i < n; i++) {
            ok = char_matches(patterns[i], text[i]);
        }
        if (ok) {
            return true;
        }
        patterns = *end ? end + 1 : NULL;
    }
    return false;
}

/* Luhn's sum over eleven digits, as the Italian tax office uses it. */
static bool italian_digits_add_up(const char *digits)
{
    int sum = 0;

    for (int i = 0; i < VAT_DIGITS; i++) {
        int digit = digits[i] - '0';

        if (i % 2 == 1) {
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        }
        sum += digit;
    }
    return sum % 10 == 0;
}

static bool is_italian_vat(const char *digits, bool strict)
{
    return matches("99999999999", digits) && (!strict || italian_digits_add_up(digits));
}

bool legal_vat_is_valid(const char *vat, bool strict)
{
    static const struct {
        const char *prefix;
        const char *patterns;
    } countries[] = {
        {"AT", "U99999999"},
        {"BE", "9999999999"},
        {"BG", "999999999|9999999999"},
        {"CY", "99999999A"},
        {"CZ", "99999999|999999999|9999999999"},
        {"DE", "999999999"},
        {"DK", "99999999"},
        {"EE", "999999999"},
        {"EL", "999999999"},
        {"ES", "*9999999*"},
        {"FI", "99999999"},
        {"FR", "**999999999"},
        {"HR", "99999999999"},
        {"HU", "99999999"},
        {"IE", "9999999A|9999999AA|9*99999A|9+99999A"},
        {"LT", "999999999|999999999999"},
        {"LU", "99999999"},
        {"LV", "99999999999"},
        {"MT", "99999999"},
        {"NL", "999999999B99"},
        {"PL", "9999999999"},
        {"PT", "999999999"},
        {"RO", "99|999|9999|99999|999999|9999999|99999999|999999999|9999999999"},
        {"SE", "999999999999"},
        {"SI", "99999999"},
        {"SK", "9999999999"},
    };

    if (strncmp(vat, "IT", 2) == 0) {
        return is_italian_vat(vat + 2, strict);
    }
    for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
        if (strncmp(vat, countries[i].prefix, 2) == 0) {
            return matches(countries[i].patterns, vat + 2);
        }
    }
    return is_italian_vat(vat, strict);
}

/* The official check character: values of letters and digits at odd places come from a table, at
 * even places from their order; the remainder of the sum by 26 is the last letter. */
static bool fiscal_code_adds_up(const char *code)
{
    static const int odd[] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                              20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    int sum = 0;

    for (int i = 0; i < FISCAL_CODE_LETTERS - 1; i++) {
        int value = isdigit((unsigned char)code[i]) ? code[i] - '0' : code[i] - 'A';

        sum += i % 2 == 0 ? odd[value] : value;
    }
    return code[FISCAL_CODE_LETTERS - 1] == 'A' + sum % 26;
}

bool legal_fiscal_code_is_valid(const char *code, bool strict)
{
    if (strlen(code) == VAT_DIGITS) {
        return is_italian_vat(code, strict);
    }
    return matches("AAAAAAOOMOOAOOOA", code) && (!strict || fiscal_code_adds_up(code));
}

bool legal_sdi_code_is_valid(const char *code)
{
    return matches("******|*******", code);
}

bool legal_email_is_valid(const char *email)
{
    const char *at = strchr(email, '@');
    size_t n = strlen(email);

    if (!at || at == email || strchr(at + 1, '@') || n > 254 || email[n - 1] == '.' ||
        at[1] == '.' || strstr(email, "..") || !strchr(at + 1, '.')) {
        return false;
    }
    for (const char *p = email; *p; p++) {
        if (isspace((unsigned char)*p) || (unsigned char)*p < 0x20 || strchr("<>(),;:\"[]\\", *p)) {
            return false;
        }
    }
    return true;
}
