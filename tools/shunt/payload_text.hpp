#pragma once
/// Between JSON and the payloads of a route, which are FlatBuffers or one struct, by the binary schema that its plugin
/// carries.
///
/// Here and not in the host, because a schema and a payload are a plugin's words: what goes wrong with them ends this
/// process and nothing else.

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace flatbuffers {
class Parser;
struct StructDef;
}  // namespace flatbuffers

namespace shunt::tool {

class PayloadText {
 public:
  /// Errors: BadSchema.
  [[nodiscard]] static Result<PayloadText> from_schema(std::vector<std::uint8_t> binary_schema);
  PayloadText(PayloadText&&) noexcept;
  PayloadText& operator=(PayloadText&&) noexcept;
  ~PayloadText();

  /// Errors: BadSchema (no such type), BadInput (the JSON is not of the type, with the place).
  [[nodiscard]] Result<std::vector<std::uint8_t>> to_bytes(const std::string& type, const std::string& json);
  /// One line of strict JSON; a number that JSON cannot say is "nan", "inf" or "-inf". Errors: BadSchema, BadPayload
  /// (the bytes are not of the type).
  [[nodiscard]] Result<std::string> to_json(const std::string& type, std::span<const std::uint8_t> bytes);

 private:
  PayloadText(std::vector<std::uint8_t> schema, std::unique_ptr<flatbuffers::Parser> parser);
  Status set_root(const std::string& type);
  [[nodiscard]] const flatbuffers::StructDef* find_struct(const std::string& type) const;
  Result<std::vector<std::uint8_t>> struct_to_bytes(const flatbuffers::StructDef& type, const std::string& name,
                                                    const std::string& json);

  std::vector<std::uint8_t> schema_;
  std::unique_ptr<flatbuffers::Parser> parser_;
  unsigned arounds_ = 0;  // tables that were made up, each of another name
};

}  // namespace shunt::tool
