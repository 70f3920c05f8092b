/* This library is the only one in C++: simdjson's interface needs it. */
#include "json_internal.h"
#include "json_reader.hpp"
#include "json_rules.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

using simdjson::error_code;
namespace ondemand = simdjson::ondemand;
using namespace json_rules;

static_assert(simdjson::SIMDJSON_PADDING <= 64, "json.h promises 64 bytes behind the text");

bool Reader::open(ondemand::object *root)
{
    if (looks_like_utf16(text_)) {
        fault_->offset = 0;
        return fail("json_encoding", "the text looks like UTF-16; send UTF-8");
    }
    if (has_byte_order_mark(text_)) {
        fault_->offset = 0;
        return fail("json_encoding", "the text begins with a byte order mark; leave it out");
    }
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

extern "C" bool json_read_import(struct str text, const char *rows_key,
                                 const struct json_limits *limits, struct arena *arena,
                                 struct json_import *out, struct json_fault *fault)
{
    Reader reader(text, limits, fault);

    if (reader.import(rows_key, arena, out)) {
        return true;
    }
    if (fault->row < 0 && fault->offset >= 0) {
        fault->row = json_rules::row_at(std::string_view(text.p, text.n), rows_key,
                                        static_cast<size_t>(fault->offset));
    }
    return false;
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
