#include "json_reader.hpp"

#include "json_rules.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

using simdjson::error_code;
namespace ondemand = simdjson::ondemand;
using namespace json_rules;

namespace
{

const char *code_of(error_code error)
{
    return error == simdjson::UTF8_ERROR ? "json_encoding" : "json_syntax";
}

} // namespace

Reader::Reader(struct str text, const struct json_limits *limits, struct json_fault *fault)
    : text_(text.p, text.n), limits_(limits), fault_(fault)
{
    *fault_ = {};
    fault_->offset = -1;
    fault_->row = -1;
}

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
    case simdjson::UNESCAPED_CHARS:
        fault_->offset = static_cast<int64_t>(find_unescaped(text_));
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

bool Reader::take_key(ondemand::field &field, std::string_view *key)
{
    error_code error = field.unescaped_key().get(*key);

    if (error) {
        return fail(error);
    }
    if (limits_->any_keys ? key->find('\0') != key->npos : !key_is_allowed(*key)) {
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
        within(twin->second);
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
