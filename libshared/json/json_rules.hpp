#pragma once

#include <simdjson.h>

#include <algorithm>
#include <string_view>

/* What a partner's JSON may look like beyond its grammar, token by token. */
namespace json_rules
{

constexpr size_t MAX_NUMBER_CHARS = 64;

inline std::string_view trim_end(std::string_view token)
{
    size_t last = token.find_last_not_of(" \t\r\n");

    return token.substr(0, last == token.npos ? 0 : last + 1);
}

inline size_t digits(std::string_view text, size_t from)
{
    size_t i = from;

    while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
        i++;
    }
    return i - from;
}

enum class Number { MALFORMED, INTEGER, DECIMAL };

/* RFC 8259 number grammar. */
inline Number number_kind(std::string_view text)
{
    size_t i = !text.empty() && text[0] == '-';
    size_t whole = digits(text, i);

    if (whole == 0 || (whole > 1 && text[i] == '0')) {
        return Number::MALFORMED;
    }
    i += whole;
    if (i == text.size()) {
        return Number::INTEGER;
    }
    if (text[i] == '.') {
        size_t fraction = digits(text, i + 1);

        if (fraction == 0) {
            return Number::MALFORMED;
        }
        i += 1 + fraction;
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < text.size() && (text[i] == '+' || text[i] == '-');
        size_t exponent = digits(text, i);
        if (exponent == 0) {
            return Number::MALFORMED;
        }
        i += exponent;
    }
    return i == text.size() ? Number::DECIMAL : Number::MALFORMED;
}

inline bool key_is_allowed(std::string_view key)
{
    return key.find('.') == key.npos && key.find('\0') == key.npos &&
           (key.empty() || key[0] != '$') && key != "__proto__";
}

/* Index of the first byte that is not part of valid UTF-8. */
inline size_t find_bad_utf8(std::string_view text)
{
    size_t i = 0;

    while (i < text.size()) {
        size_t n = std::min<size_t>(text.size() - i, 4);

        for (size_t width = 1; width <= n; width++) {
            if (simdjson::validate_utf8(text.data() + i, width)) {
                n = 0;
                i += width;
                break;
            }
        }
        if (n != 0) {
            return i;
        }
    }
    return text.size();
}

/* Index of the first control character inside a string, which JSON wants escaped. */
inline size_t find_unescaped(std::string_view text)
{
    bool in_string = false;
    bool is_escaped = false;

    for (size_t i = 0; i < text.size(); i++) {
        if (in_string && static_cast<unsigned char>(text[i]) < 0x20) {
            return i;
        }
        if (text[i] == '"' && !is_escaped) {
            in_string = !in_string;
        }
        is_escaped = in_string && text[i] == '\\' && !is_escaped;
    }
    return text.size();
}

inline bool looks_like_utf16(std::string_view text)
{
    return text.size() >= 2 && (text[0] == '\0' || text[1] == '\0' ||
                                text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff");
}

inline bool has_byte_order_mark(std::string_view text)
{
    return text.substr(0, 3) == "\xef\xbb\xbf";
}

/*
 * The element of the outer array `rows_key` in which `offset` lies, -1 for none. For faults that
 * are found before anything is read: it goes by brackets and quotes alone, so it also finds its way
 * through text that is no JSON.
 */
inline int64_t row_at(std::string_view text, std::string_view rows_key, size_t offset)
{
    bool in_string = false;
    bool in_rows = false;
    size_t string_start = 0;
    std::string_view last_string;
    int depth = 0;
    int64_t row = 0;

    for (size_t i = 0; i < offset && i < text.size(); i++) {
        char c = text[i];

        if (in_string && c == '\\') {
            i++;
        } else if (c == '"') {
            last_string = in_string ? text.substr(string_start, i - string_start) : last_string;
            in_string = !in_string;
            string_start = i + 1;
        } else if (!in_string && (c == '[' || c == '{')) {
            in_rows = in_rows || (c == '[' && depth == 1 && last_string == rows_key);
            depth++;
        } else if (!in_string && (c == ']' || c == '}')) {
            depth--;
            in_rows = in_rows && depth > 1;
        } else if (!in_string && c == ',' && in_rows && depth == 2) {
            row++;
        }
    }
    return in_rows ? row : -1;
}

} // namespace json_rules
