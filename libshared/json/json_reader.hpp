#pragma once

#include "bson_writer.hpp"

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" {
#include "json/json.h"
}

/*
 * Reads one text. json_reader.cpp holds what is true of any value, json_read.cpp what makes a
 * request of them. A member that returns false has filled the fault.
 */
class Reader
{
  public:
    Reader(struct str text, const struct json_limits *limits, struct json_fault *fault);

    bool import(const char *rows_key, struct arena *arena, struct json_import *out);
    bool object(struct arena *arena, const bson_t **out);

  private:
    bool open(simdjson::ondemand::object *root);
    bool close();
    bool outer_field(simdjson::ondemand::field field, std::string_view key,
                     std::string_view rows_key, struct json_import *out);
    bool rows(simdjson::ondemand::array array, std::string_view key, struct json_import *out);
    bool row(simdjson::ondemand::value value);
    bool fields(simdjson::ondemand::object object, uint32_t depth);
    bool elements(simdjson::ondemand::array array, uint32_t depth);
    bool member(std::string_view key, simdjson::ondemand::value value, uint32_t depth);
    bool scalar(std::string_view key, simdjson::ondemand::value value, char first);
    bool number(std::string_view key, std::string_view token);
    bool string(std::string_view key, simdjson::ondemand::value value, std::string_view token);
    bool take_key(simdjson::ondemand::field &field, std::string_view *key);
    bool no_duplicates(size_t from);
    bool fail(const char *code, const std::string &detail);
    bool fail(simdjson::error_code error);
    bool within(std::string_view segment);
    bool within(size_t index);
    const bson_t *adopt(BsonWriter &writer, struct arena *arena);

    std::string_view text_;
    const struct json_limits *limits_;
    struct json_fault *fault_;
    simdjson::ondemand::parser parser_;
    simdjson::ondemand::document document_;
    bool opened_ = false; /* document_ may be asked where it is */
    BsonWriter envelope_;
    BsonWriter rows_;
    BsonWriter *out_ = &envelope_;
    std::vector<std::pair<uint64_t, std::string_view>> names_; /* keys of the objects being read */
    std::vector<std::pair<size_t, size_t>> row_spans_; /* offset and size; size 0: too large */
};
