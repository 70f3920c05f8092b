/* The only C++ of the project: simdjson's interface needs it. */
#include "bson_writer.hpp"
#include "json_internal.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

extern "C" {
#include "json/json.h"
}

using simdjson::error_code;
namespace ondemand = simdjson::ondemand;

static_assert(simdjson::SIMDJSON_PADDING <= 64, "json.h promises 64 bytes behind the text");

namespace
{

constexpr size_t MAX_NUMBER_CHARS = 64;

const char *code_of(error_code error)
{
    return error == simdjson::UTF8_ERROR ? "json_encoding" : "json_syntax";
}

std::string_view trim_end(std::string_view token)
{
    while (!token.empty() && strchr(" \t\r\n", token.back())) {
        token.remove_suffix(1);
    }
    return token;
}

size_t digits(std::string_view text, size_t from)
{
    size_t i = from;

    while (i < text.size() && text[i] >= '0' && text[i] <= '9') {
        i++;
    }
    return i - from;
}

enum class Number { MALFORMED, INTEGER, DECIMAL };

/* RFC 8259 number grammar. */
Number number_kind(std::string_view text)
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

bool key_is_allowed(std::string_view key)
{
    return key.find('.') == key.npos && key.find('\0') == key.npos &&
           (key.empty() || key[0] != '$') && key != "__proto__";
}

/* Index of the first byte that is not part of valid UTF-8. */
size_t find_bad_utf8(std::string_view text)
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

class Reader
{
  public:
    Reader(struct str text, const struct json_limits *limits, struct json_fault *fault)
        : text_(text.p, text.n), limits_(limits), fault_(fault)
    {
        *fault_ = {};
        fault_->offset = -1;
        fault_->row = -1;
    }

    bool import(const char *rows_key, struct arena *arena, struct json_import *out);
    bool object(struct arena *arena, const bson_t **out);

  private:
    bool open(ondemand::object *root);
    bool close();
    bool outer_field(ondemand::field field, std::string_view key, std::string_view rows_key,
                     struct json_import *out);
    bool rows(ondemand::array array, std::string_view key, struct json_import *out);
    bool row(ondemand::value value);
    bool fields(ondemand::object object, uint32_t depth);
    bool elements(ondemand::array array, uint32_t depth);
    bool member(std::string_view key, ondemand::value value, uint32_t depth);
    bool scalar(std::string_view key, ondemand::value value, char first);
    bool number(std::string_view key, std::string_view token);
    bool string(std::string_view key, ondemand::value value, std::string_view token);
    bool take_key(ondemand::field &field, std::string_view *key);
    bool no_duplicates(size_t from);
    bool fail(const char *code, const std::string &detail);
    bool fail(error_code error);
    bool within(std::string_view segment);
    bool within(size_t index);
    const bson_t *adopt(BsonWriter &writer, struct arena *arena);

    std::string_view text_;
    const struct json_limits *limits_;
    struct json_fault *fault_;
    ondemand::parser parser_;
    ondemand::document document_;
    bool opened_ = false; /* document_ may be asked where it is */
    BsonWriter envelope_;
    BsonWriter rows_;
    BsonWriter *out_ = &envelope_;
    std::vector<std::pair<uint64_t, std::string_view>> names_; /* keys of the objects being read */
    std::vector<std::pair<size_t, size_t>> row_spans_; /* offset and size; size 0: too large */
};

bool Reader::fail(const char *code, const std::string &detail)
{
    const char *where = nullptr;

    fault_->code = code;
    snprintf(fault_->detail, sizeof(fault_->detail), "%s", detail.c_str());
    if (fault_->offset < 0 && opened_ &&
        document_.current_location().get(where) == simdjson::SUCCESS) {
        fault_->offset = where - text_.data();
    }
    return false;
}

bool Reader::fail(error_code error)
{
    switch (error) {
    case simdjson::UTF8_ERROR:
        fault_->offset = static_cast<int64_t>(find_bad_utf8(text_));
        break;
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
    case simdjson::EMPTY:
        fault_->offset = static_cast<int64_t>(text_.size());
        break;
    default:
        break;
    }
    return fail(code_of(error), simdjson::error_message(error));
}

/* Called while a failure travels outwards: puts one segment before the JSON Pointer. Always false.
 */
bool Reader::within(std::string_view segment)
{
    std::string path = "/";

    for (char c : segment) {
        if (c == '~' || c == '/') {
            path += c == '~' ? "~0" : "~1";
        } else {
            path += c;
        }
    }
    path += fault_->path;
    snprintf(fault_->path, sizeof(fault_->path), "%s", path.c_str());
    return false;
}

bool Reader::within(size_t index)
{
    return within(std::string_view(std::to_string(index)));
}

bool Reader::open(ondemand::object *root)
{
    simdjson::padded_string_view view(text_.data(), text_.size(),
                                      text_.size() + simdjson::SIMDJSON_PADDING);
    error_code error = parser_.iterate(view).get(document_);

    if (error) {
        return fail(error);
    }
    opened_ = true;
    error = document_.get_object().get(*root);
    if (error == simdjson::INCORRECT_TYPE) {
        return fail("json_not_object", "the body must be a JSON object");
    }
    return !error || fail(error);
}

bool Reader::close()
{
    return document_.current_location().error() == simdjson::OUT_OF_BOUNDS ||
           fail("json_syntax", "there is text behind the end of the object");
}

bool Reader::take_key(ondemand::field &field, std::string_view *key)
{
    error_code error = field.unescaped_key().get(*key);

    if (error) {
        return fail(error);
    }
    if (!key_is_allowed(*key)) {
        fail("json_bad_key", "the key \"" + std::string(*key) + "\" is not allowed");
        return within(*key);
    }
    return true;
}

bool Reader::no_duplicates(size_t from)
{
    auto first = names_.begin() + static_cast<ptrdiff_t>(from);

    std::sort(first, names_.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
    auto twin = std::adjacent_find(first, names_.end(),
                                   [](const auto &a, const auto &b) { return a == b; });
    bool ok = twin == names_.end();
    if (!ok) {
        fail("json_duplicate_key", "the key \"" + std::string(twin->second) + "\" stands twice");
    }
    names_.resize(from);
    return ok;
}

bool Reader::fields(ondemand::object object, uint32_t depth)
{
    size_t first_name = names_.size();

    if (depth > limits_->max_depth) {
        return fail("json_too_deep", "more than " + std::to_string(limits_->max_depth) + " levels");
    }
    for (auto result : object) {
        ondemand::field field;
        std::string_view key;

        if (error_code error = std::move(result).get(field)) {
            return fail(error);
        }
        if (!take_key(field, &key)) {
            return false;
        }
        names_.emplace_back(std::hash<std::string_view>{}(key), key);
        if (names_.size() - first_name > limits_->max_keys) {
            return fail("json_too_many_keys",
                        "more than " + std::to_string(limits_->max_keys) + " keys");
        }
        if (!member(key, field.value(), depth)) {
            return within(key);
        }
    }
    return no_duplicates(first_name);
}

bool Reader::elements(ondemand::array array, uint32_t depth)
{
    size_t index = 0;

    if (depth > limits_->max_depth) {
        return fail("json_too_deep", "more than " + std::to_string(limits_->max_depth) + " levels");
    }
    for (auto result : array) {
        char key[24];
        ondemand::value value;
        char *end = std::to_chars(key, key + sizeof(key), index).ptr;

        if (error_code error = std::move(result).get(value)) {
            return fail(error) || within(index);
        }
        if (!member(std::string_view(key, static_cast<size_t>(end - key)), value, depth)) {
            return within(index);
        }
        index++;
    }
    return true;
}

/* Appends one member of a container that is `depth` levels deep. */
bool Reader::member(std::string_view key, ondemand::value value, uint32_t depth)
{
    ondemand::object object;
    ondemand::array array;
    std::string_view token = value.raw_json_token();
    char first = token.empty() ? '\0' : token[0];

    if (first != '{' && first != '[') {
        return scalar(key, value, first);
    }
    out_->key(first == '{' ? BsonWriter::DOCUMENT : BsonWriter::ARRAY, key);
    size_t start = out_->begin();
    error_code error = first == '{' ? value.get_object().get(object) : value.get_array().get(array);
    if (error) {
        return fail(error);
    }
    if (first == '{' ? !fields(object, depth + 1) : !elements(array, depth + 1)) {
        return false;
    }
    out_->end(start);
    return true;
}

bool Reader::scalar(std::string_view key, ondemand::value value, char first)
{
    std::string_view token = trim_end(value.raw_json_token());

    if (first == '"') {
        return string(key, value, token);
    }
    if (first == '-' || (first >= '0' && first <= '9')) {
        return number(key, token);
    }
    if (token == "null") {
        out_->key(BsonWriter::NULL_VALUE, key);
        return true;
    }
    if (token == "true" || token == "false") {
        out_->key(BsonWriter::BOOL, key);
        out_->put_byte(token == "true");
        return true;
    }
    return fail("json_syntax", "a value was expected");
}

bool Reader::string(std::string_view key, ondemand::value value, std::string_view token)
{
    std::string_view text;

    if (token.find('\\') == token.npos && token.size() >= 2) {
        text = token.substr(1, token.size() - 2);
    } else if (error_code error = value.get_string().get(text)) {
        return fail(error);
    }
    out_->key(BsonWriter::TEXT, key);
    out_->text(text);
    return true;
}

bool Reader::number(std::string_view key, std::string_view token)
{
    const char *end = token.data() + token.size();
    Number kind = number_kind(token);
    int64_t whole;
    double real;

    if (kind == Number::MALFORMED) {
        return fail("json_syntax", "a number is malformed");
    }
    if (token.size() > MAX_NUMBER_CHARS) {
        return fail("json_bad_number", "a number has more than 64 characters");
    }
    if (kind == Number::INTEGER && token != "-0" &&
        std::from_chars(token.data(), end, whole).ec == std::errc()) {
        bool small = whole >= INT32_MIN && whole <= INT32_MAX;

        out_->key(small ? BsonWriter::INT32 : BsonWriter::INT64, key);
        if (small) {
            out_->put_int(static_cast<int32_t>(whole));
        } else {
            out_->put_int(whole);
        }
        return true;
    }
    if (std::from_chars(token.data(), end, real).ec != std::errc()) {
        return fail("json_bad_number", "a number is outside of the range of a double");
    }
    out_->key(BsonWriter::DOUBLE, key);
    out_->put_int(real);
    return true;
}

bool Reader::row(ondemand::value value)
{
    ondemand::object object;
    error_code error = value.get_object().get(object);

    if (error == simdjson::INCORRECT_TYPE) {
        return fail("json_not_object", "a row must be a JSON object");
    }
    if (error) {
        return fail(error);
    }
    size_t start = rows_.begin();
    if (!fields(object, 3)) {
        return false;
    }
    rows_.end(start);
    size_t size = rows_.size() - start;
    if (size > limits_->max_row_bytes) {
        rows_.truncate(start);
        size = 0;
    }
    row_spans_.emplace_back(start, size);
    return true;
}

bool Reader::rows(ondemand::array array, std::string_view key, struct json_import *out)
{
    out->rows_present = true;
    out_ = &rows_;
    for (auto result : array) {
        size_t index = row_spans_.size();
        ondemand::value value;

        if (index == limits_->max_rows) {
            out->too_many_rows = true;
            return true;
        }
        error_code error = std::move(result).get(value);
        if (error ? !fail(error) : !row(value)) {
            fault_->row = static_cast<int64_t>(index);
            return within(index) || within(key);
        }
    }
    out_ = &envelope_;
    return true;
}

bool Reader::outer_field(ondemand::field field, std::string_view key, std::string_view rows_key,
                         struct json_import *out)
{
    ondemand::value value = field.value();
    std::string_view token = value.raw_json_token();

    if (key == rows_key && !token.empty() && token[0] == '[' && !out->rows_present) {
        ondemand::array array;
        error_code error = value.get_array().get(array);

        return error ? fail(error) : rows(array, key, out);
    }
    return member(key, value, 1) || within(key);
}

const bson_t *Reader::adopt(BsonWriter &writer, struct arena *arena)
{
    size_t size = writer.size();
    uint8_t *data = writer.release();
    void *memory = arena_alloc_aligned(arena, sizeof(bson_t), alignof(bson_t));
    bson_t *document = static_cast<bson_t *>(memory);

    arena_defer(arena, free, data);
    if (!bson_init_static(document, data, size)) {
        abort();
    }
    return document;
}

bool Reader::import(const char *rows_key, struct arena *arena, struct json_import *out)
{
    ondemand::object root;

    *out = {};
    if (!open(&root)) {
        return false;
    }
    size_t start = envelope_.begin();
    for (auto result : root) {
        ondemand::field field;
        std::string_view key;

        if (error_code error = std::move(result).get(field)) {
            return fail(error);
        }
        if (!take_key(field, &key)) {
            return false;
        }
        names_.emplace_back(std::hash<std::string_view>{}(key), key);
        if (names_.size() > limits_->max_keys) {
            return fail("json_too_many_keys", "the outer object has too many keys");
        }
        if (!outer_field(field, key, rows_key, out)) {
            return false;
        }
        if (out->too_many_rows) {
            break;
        }
    }
    if (!no_duplicates(0) || (!out->too_many_rows && !close())) {
        return false;
    }
    envelope_.end(start);
    if (envelope_.size() > limits_->max_row_bytes) {
        return fail("field_value", "the request without its rows is too large");
    }
    out->envelope = adopt(envelope_, arena);
    out->row_count = row_spans_.size();
    out->rows =
        static_cast<struct json_row *>(arena_calloc(arena, out->row_count, sizeof(*out->rows)));
    const uint8_t *data = rows_.release();
    for (size_t i = 0; i < out->row_count; i++) {
        auto [offset, size] = row_spans_[i];

        out->rows[i].bson = size ? data + offset : nullptr;
        out->rows[i].size = static_cast<uint32_t>(size);
    }
    arena_defer(arena, free, const_cast<uint8_t *>(data));
    return true;
}

bool Reader::object(struct arena *arena, const bson_t **out)
{
    ondemand::object root;

    if (!open(&root)) {
        return false;
    }
    size_t start = envelope_.begin();
    if (!fields(root, 1) || !close()) {
        return false;
    }
    envelope_.end(start);
    *out = adopt(envelope_, arena);
    return true;
}

} // namespace

extern "C" bool json_read_import(struct str text, const char *rows_key,
                                 const struct json_limits *limits, struct arena *arena,
                                 struct json_import *out, struct json_fault *fault)
{
    Reader reader(text, limits, fault);

    return reader.import(rows_key, arena, out);
}

extern "C" bool json_read_object(struct str text, const struct json_limits *limits,
                                 struct arena *arena, const bson_t **out, struct json_fault *fault)
{
    Reader reader(text, limits, fault);

    return reader.object(arena, out);
}

extern "C" size_t json_format_double(double value, char out[JSON_DOUBLE_SIZE])
{
    char *end = std::to_chars(out, out + JSON_DOUBLE_SIZE, value).ptr;

    if (!std::any_of(out, end, [](char c) { return c == '.' || c == 'e'; })) {
        *end++ = '.';
        *end++ = '0';
    }
    return static_cast<size_t>(end - out);
}
