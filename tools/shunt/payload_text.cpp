#include "payload_text.hpp"

#include "json_writer.hpp"

#include <shunt/schemas/limits.hpp>

#include <cstdio>

#include <flatbuffers/idl.h>
#include <flatbuffers/reflection.h>

namespace shunt::tool {
namespace {

flatbuffers::IDLOptions strict_json() {
  flatbuffers::IDLOptions options;
  options.strict_json = true;
  options.lang_to_generate = flatbuffers::IDLOptions::kCpp;  // not every language has unions of structs
  return options;
}

/// What JSON of a struct is read as a member of: FlatBuffers reads tables alone.
constexpr std::string_view kAround = "shunt_tool_around";

/// flatc's "1: 8: error: expecting: ...", as people say it; of what begins `lines_before` lines further down.
std::string parser_problem(std::string_view text, int lines_before = 0) {
  int line = 0;
  int column = 0;
  int used = 0;
  if (std::sscanf(std::string{text}.c_str(), "%d: %d: error: %n", &line, &column, &used) < 2 || used == 0)
    return std::string{text};
  return fmt::format("line {}, column {}: {}", line - lines_before, column,
                     text.substr(static_cast<std::size_t>(used)));
}

}  // namespace

PayloadText::PayloadText(std::vector<std::uint8_t> schema, std::unique_ptr<flatbuffers::Parser> parser)
    : schema_(std::move(schema)), parser_(std::move(parser)) {}
PayloadText::PayloadText(PayloadText&&) noexcept = default;
PayloadText& PayloadText::operator=(PayloadText&&) noexcept = default;
PayloadText::~PayloadText() = default;

Result<PayloadText> PayloadText::from_schema(std::vector<std::uint8_t> binary_schema) {
  flatbuffers::Verifier verifier(binary_schema.data(), binary_schema.size());
  auto parser = std::make_unique<flatbuffers::Parser>(strict_json());
  if (!reflection::VerifySchemaBuffer(verifier) || !parser->Deserialize(binary_schema.data(), binary_schema.size()))
    return error(ErrorCode::BadSchema, "the plugin's schema ({} bytes) cannot be read: rebuild the plugin",
                 binary_schema.size());
  return PayloadText{std::move(binary_schema), std::move(parser)};
}

Status PayloadText::set_root(const std::string& type) {
  if (parser_->SetRootType(type.c_str())) return {};
  return error(ErrorCode::BadSchema, "the plugin's schema has no table or struct {}: rebuild the plugin", type);
}

const flatbuffers::StructDef* PayloadText::find_struct(const std::string& type) const {
  const auto* const found = parser_->LookupStruct(type);
  return found != nullptr && found->fixed ? found : nullptr;
}

Result<std::vector<std::uint8_t>> PayloadText::struct_to_bytes(const flatbuffers::StructDef& type,
                                                               const std::string& name, const std::string& json) {
  const auto around = fmt::format("{}_{}", kAround, arounds_++);
  if (!parser_->Parse(fmt::format("namespace; table {} {{ value: {}; }} root_type {};", around, name, around).c_str()))
    return error(ErrorCode::BadSchema, "the plugin's schema cannot be read: {}", parser_->error_);
  if (!parser_->ParseJson(fmt::format("{{\"value\":\n{}\n}}", json).c_str()))
    return error(ErrorCode::BadInput, "the JSON is no {}: {}", name, parser_problem(parser_->error_, 1));
  const auto* const table = flatbuffers::GetRoot<flatbuffers::Table>(parser_->builder_.GetBufferPointer());
  const auto* const value = table->GetStruct<const std::uint8_t*>(flatbuffers::FieldIndexToOffset(0));
  if (value == nullptr) return error(ErrorCode::BadInput, "the JSON is no {}, but null", name);
  return std::vector<std::uint8_t>(value, value + type.bytesize);
}

Result<std::vector<std::uint8_t>> PayloadText::to_bytes(const std::string& type, const std::string& json) {
  if (const auto* const raw = find_struct(type)) return struct_to_bytes(*raw, type, json);
  SHUNT_CHECK(set_root(type));
  if (!parser_->ParseJson(json.c_str()))
    return error(ErrorCode::BadInput, "the JSON is no {}: {}", type, parser_problem(parser_->error_));
  const std::uint8_t* const data = parser_->builder_.GetBufferPointer();
  return std::vector<std::uint8_t>(data, data + parser_->builder_.GetSize());
}

Result<std::string> PayloadText::to_json(const std::string& type, std::span<const std::uint8_t> bytes) {
  if (const auto* const raw = find_struct(type)) {
    std::string text;
    if (bytes.size() == raw->bytesize && write_json(*raw, bytes.data(), text)) return text;
    return error(ErrorCode::BadPayload, "the {} bytes are no {}, which has {}: the plugin sent something else",
                 bytes.size(), type, raw->bytesize);
  }
  SHUNT_CHECK(set_root(type));
  const reflection::Schema& schema = *reflection::GetSchema(schema_.data());
  const reflection::Object* const object = schema.objects()->LookupByKey(type.c_str());
  std::string text;
  if (object == nullptr ||
      !flatbuffers::Verify(schema, *object, bytes.data(), bytes.size(), kVerifyDepthMax, kVerifyTablesMax) ||
      !write_json(*parser_->root_struct_def_, bytes.data(), text))
    return error(ErrorCode::BadPayload, "the {} bytes are no {}: the plugin sent something else", bytes.size(), type);
  return text;
}

}  // namespace shunt::tool
