#include "payload_json.hpp"

#include "reflection_writer.hpp"

#include <cstdio>

#include <flatbuffers/idl.h>

namespace shunt {
namespace {

/// flatc's "1: 8: error: expecting: ...", as people say it.
std::string problem_of(const flatbuffers::Parser& parser) {
  const std::string& text = parser.error_;
  int line = 0, column = 0, used = 0;
  if (std::sscanf(text.c_str(), "%d: %d: error: %n", &line, &column, &used) < 2 || used == 0) return text;
  return fmt::format("line {}, column {}: {}", line, column,
                     std::string_view{text}.substr(static_cast<std::size_t>(used)));
}

}  // namespace

Result<std::vector<std::uint8_t>> payload_from_json(const PayloadSchema& schema, const std::string& type,
                                                    const std::string& json) {
  if (schema.objects.at(type).is_struct) return error(ErrorCode::BadInput, "{} is a struct; a table is meant", type);
  flatbuffers::IDLOptions options;
  options.strict_json = true;
  flatbuffers::Parser parser{options};
  const auto reflection = write_reflection(schema, ReflectionUse::Text);
  if (!parser.Deserialize(reflection.data(), reflection.size()) || !parser.SetRootType(type.c_str()))
    return error(ErrorCode::BadInput, "{} cannot be read from text: {}", type, parser.error_);
  if (!parser.ParseJson(json.c_str()))
    return error(ErrorCode::BadInput, "the JSON is no {}: {}", type, problem_of(parser));
  const std::uint8_t* const data = parser.builder_.GetBufferPointer();
  return std::vector<std::uint8_t>(data, data + parser.builder_.GetSize());
}

}  // namespace shunt
