#include "payload_text.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

#include <flatbuffers/idl.h>
#include <flatbuffers/reflection.h>

namespace shunt::tool {
namespace {

flatbuffers::IDLOptions one_strict_line() {
  flatbuffers::IDLOptions options;
  options.strict_json = true;
  options.output_default_scalars_in_json = true;
  options.indent_step = -1;
  return options;
}

/// JSON has no word for these numbers; quoted, they are JSON, and read back as the numbers they are.
std::string with_quoted_non_numbers(std::string_view text) {
  std::string result;
  bool in_string = false;
  while (!text.empty()) {
    std::size_t take = 1;
    if (in_string) {
      if (text.front() == '\\') take = 2;
      else in_string = text.front() != '"';
    } else if (text.front() == '"') {
      in_string = true;
    } else {
      constexpr std::array<std::string_view, 4> kWords{"nan", "-nan", "inf", "-inf"};
      const auto word = std::ranges::find_if(kWords, [&](std::string_view each) { return text.starts_with(each); });
      if (word != kWords.end()) {
        result.append("\"").append(word->substr(*word == "-nan" ? 1 : 0)).append("\"");
        text.remove_prefix(word->size());
        continue;
      }
    }
    result.append(text.substr(0, take));
    text.remove_prefix(std::min(take, text.size()));
  }
  return result;
}

/// flatc's "1: 8: error: expecting: ...", as people say it.
std::string parser_problem(std::string_view text) {
  int line = 0;
  int column = 0;
  int used = 0;
  if (std::sscanf(std::string{text}.c_str(), "%d: %d: error: %n", &line, &column, &used) < 2 || used == 0)
    return std::string{text};
  return fmt::format("line {}, column {}: {}", line, column, text.substr(static_cast<std::size_t>(used)));
}

}  // namespace

PayloadText::PayloadText(std::vector<std::uint8_t> schema, std::unique_ptr<flatbuffers::Parser> parser)
    : schema_(std::move(schema)), parser_(std::move(parser)) {}
PayloadText::PayloadText(PayloadText&&) noexcept = default;
PayloadText& PayloadText::operator=(PayloadText&&) noexcept = default;
PayloadText::~PayloadText() = default;

Result<PayloadText> PayloadText::from_schema(std::vector<std::uint8_t> binary_schema) {
  flatbuffers::Verifier verifier(binary_schema.data(), binary_schema.size());
  auto parser = std::make_unique<flatbuffers::Parser>(one_strict_line());
  if (!reflection::VerifySchemaBuffer(verifier) || !parser->Deserialize(binary_schema.data(), binary_schema.size()))
    return error(ErrorCode::BadSchema, "the plugin's schema ({} bytes) cannot be read: rebuild the plugin",
                 binary_schema.size());
  return PayloadText{std::move(binary_schema), std::move(parser)};
}

Status PayloadText::set_root(const std::string& type) {
  if (parser_->SetRootType(type.c_str())) return {};
  return error(ErrorCode::BadSchema, "the plugin's schema has no table {}: rebuild the plugin", type);
}

Result<std::vector<std::uint8_t>> PayloadText::to_bytes(const std::string& type, const std::string& json) {
  SHUNT_CHECK(set_root(type));
  if (!parser_->ParseJson(json.c_str()))
    return error(ErrorCode::BadInput, "the JSON is no {}: {}", type, parser_problem(parser_->error_));
  const std::uint8_t* const data = parser_->builder_.GetBufferPointer();
  return std::vector<std::uint8_t>(data, data + parser_->builder_.GetSize());
}

Result<std::string> PayloadText::to_json(const std::string& type, std::span<const std::uint8_t> bytes) {
  SHUNT_CHECK(set_root(type));
  const reflection::Schema& schema = *reflection::GetSchema(schema_.data());
  const reflection::Object* const object = schema.objects()->LookupByKey(type.c_str());
  std::string text;
  if (object == nullptr ||
      !flatbuffers::Verify(schema, *object, bytes.data(), bytes.size(), kVerifyDepthMax, kVerifyTablesMax) ||
      !flatbuffers::GenerateText(*parser_, bytes.data(), &text))
    return error(ErrorCode::BadPayload, "the {} bytes are no {}: the plugin sent something else", bytes.size(), type);
  return with_quoted_non_numbers(text);
}

}  // namespace shunt::tool
